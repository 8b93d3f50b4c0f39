import { makeTerminal } from '@outflow/terminal'
import type { Protocol } from './labelled-set.js'
import type { Ranking } from './ranking.js'
import { ranksOf, wilcoxonPValue } from './wilcoxon.js'

/** Results of one method on one split of one set. */
export interface Outcome extends Ranking {
  readonly set: string
  readonly protocol: Protocol
  readonly seed: number
  readonly method: string
  /** Elapsed seconds of outflow, CPU seconds of the other methods. */
  readonly fitSeconds: number
  readonly scoreSeconds: number
  /** Of outflow: share of the scored normal rows that are anomalies at each of the rates `FLAGGED_AT`. */
  readonly flagged?: readonly number[]
  /** Figures of outflow's own fit. */
  readonly fit?: object
}

export const FLAGGED_AT = [0.01, 0.001] as const

export interface Mean extends Ranking {
  readonly protocol: Protocol
  readonly method: string
  /** Null: over all sets. */
  readonly set: string | null
  readonly fitSeconds: number
  readonly scoreSeconds: number
}

/** Means over the seeds, per set and over all sets. */
export function meansOf(outcomes: readonly Outcome[]): readonly Mean[] {
  const of = (pick: (outcome: Outcome) => string) => [...new Set(outcomes.map(pick))]
  return of(({ protocol }) => protocol).flatMap((protocol) =>
    of(({ method }) => method).flatMap((method) =>
      [...of(({ set }) => set), null].flatMap((set) => {
        const own = outcomes.filter(
          (outcome) =>
            outcome.protocol === protocol && outcome.method === method && (set === null || outcome.set === set),
        )
        // In an incomplete run the last set may have one protocol only.
        if (own.length === 0) return []
        const mean = (pick: (outcome: Outcome) => number) => own.reduce((sum, each) => sum + pick(each), 0) / own.length
        return {
          protocol: own[0]!.protocol,
          method,
          set,
          auroc: mean(({ auroc }) => auroc),
          averagePrecision: mean(({ averagePrecision }) => averagePrecision),
          fitSeconds: mean(({ fitSeconds }) => fitSeconds),
          scoreSeconds: mean(({ scoreSeconds }) => scoreSeconds),
        }
      }),
    ),
  )
}

/** The table as text: a line per set and protocol, with AUROC / AP of every method. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const means = meansOf(outcomes)
  const methods = [...new Set(means.map(({ method }) => method))]
  const lines = [...new Set(means.map(({ protocol, set }) => `${protocol} ${set ?? 'mean'}`))].map((line) => [
    line,
    ...methods.map((method) => {
      const found = means.find((mean) => mean.method === method && `${mean.protocol} ${mean.set ?? 'mean'}` === line)
      return found ? `${short(found.auroc)} ${short(found.averagePrecision)}` : ''
    }),
  ])
  return table(['AUROC AP', ...methods], lines)
}

/**
 * Compares the methods of each protocol over all sets, one per line: mean AUROC, average precision and rank by AUROC (1 is best), the p-value
 * of Wilcoxon's test that its AUROC differs from outflow's, and mean seconds.
 */
export function comparisonOf(outcomes: readonly Outcome[]): string {
  const means = meansOf(outcomes)
  const lines = means
    .filter(({ set }) => set === null)
    .map(({ protocol, method, auroc, averagePrecision, fitSeconds, scoreSeconds }) => {
      const perSet = (of: string) =>
        means.filter((mean) => mean.set !== null && mean.protocol === protocol && mean.method === of)
      const own = perSet(method)
      const differences = own.map((mean, at) => mean.auroc - perSet('outflow')[at]!.auroc)
      const ranks = own.map(({ set }) => {
        const rivals = means.filter((mean) => mean.set === set && mean.protocol === protocol)
        const at = rivals.findIndex((mean) => mean.method === method)
        return ranksOf(rivals.map((mean) => -mean.auroc))[at]!
      })
      const rank = ranks.reduce((sum, each) => sum + each, 0) / ranks.length
      const p = method === 'outflow' ? '' : wilcoxonPValue(differences).toFixed(3)
      const seconds = [fitSeconds, scoreSeconds].map((each) => each.toFixed(2))
      return [`${protocol} ${method}`, short(auroc), short(averagePrecision), rank.toFixed(2), p, ...seconds]
    })
  return table(['', 'AUROC', 'AP', 'rank', 'p', 'fit s', 'score s'], lines)
}

/** Per protocol, the mean share of anomalies among the scored normal rows, and the rate. Under U some of these rows were fitted. */
export function flaggedOf(outcomes: readonly Outcome[]): string {
  const protocols = [...new Set(outcomes.map(({ protocol }) => protocol))]
  const lines = protocols.flatMap((protocol) => {
    const own = outcomes.flatMap((outcome) => (outcome.protocol === protocol ? [outcome.flagged ?? []] : []))
    const known = own.filter(({ length }) => length > 0)
    return FLAGGED_AT.map((rate, at) => {
      const share = known.reduce((sum, shares) => sum + shares[at]!, 0) / known.length
      return [`${protocol} at ${rate}`, share.toPrecision(3), (share / rate).toFixed(2)]
    })
  })
  return table(['flagged normal rows', 'share', 'of the rate'], lines)
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  makeTerminal(process).table({ head, rows })

const short = (share: number): string => share.toFixed(3).replace(/^0/, '')
