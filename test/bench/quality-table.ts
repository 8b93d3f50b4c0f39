import { meanOf } from '../../libs/flow/src/mean.js'
import type { Protocol } from './labelled-set.js'
import type { Ranking } from './ranking.js'
import type { Line } from './report.js'
import { ranksOf, wilcoxonPValue } from './wilcoxon.js'

/** Results of one method on one split of one set. */
export interface Outcome extends Ranking {
  readonly set: string
  readonly protocol: Protocol
  readonly method: string
  /** CPU seconds. */
  readonly fitSeconds: number
  /** Elapsed seconds of outflow, CPU seconds of the other methods. */
  readonly scoreSeconds: number
  /** Of outflow: share of the scored normal rows that are anomalies at each of the rates `FLAGGED_AT`. */
  readonly flagged?: readonly number[]
}

export const FLAGGED_AT = [0.01, 0.001] as const

interface Mean extends Omit<Outcome, 'set' | 'flagged'> {
  /** Null: over all sets. */
  readonly set: string | null
}

/** Means over the seeds, per set and over all sets. */
export function meansOf(outcomes: readonly Outcome[]): readonly Mean[] {
  const of = <Value>(pick: (outcome: Outcome) => Value) => [...new Set(outcomes.map(pick))]
  return of(({ protocol }) => protocol).flatMap((protocol) =>
    of(({ method }) => method).flatMap((method) =>
      [...of(({ set }) => set), null].flatMap((set) => {
        const own = outcomes.filter(
          (outcome) =>
            outcome.protocol === protocol && outcome.method === method && (set === null || outcome.set === set),
        )
        // In an incomplete run the last set may have one protocol only.
        if (own.length === 0) return []
        const mean = (pick: (outcome: Outcome) => number) => meanOf(own.map(pick))
        return {
          protocol,
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

/** AUROC and average precision of every method, a line per set and protocol. */
export function setTable(outcomes: readonly Outcome[]): readonly Line[] {
  const means = meansOf(outcomes).filter(({ set }) => set !== null)
  const methods = [...new Set(means.map(({ method }) => method))]
  return means
    .filter(({ method }) => method === 'outflow')
    .map(({ protocol, set }) => {
      const own = means.filter((mean) => mean.protocol === protocol && mean.set === set)
      const found = (method: string) => own.find((mean) => mean.method === method)
      return { protocol, set, ...Object.fromEntries(methods.map((method) => [method, rankingText(found(method))])) }
    })
}

const rankingText = (ranking: Ranking | undefined) =>
  ranking === undefined ? '' : `${short(ranking.auroc)} / ${short(ranking.averagePrecision)}`

/**
 * Compares the methods of each protocol over all sets, one per line: mean AUROC, average precision and rank by AUROC (1 is best), the p-value
 * of Wilcoxon's test that its AUROC differs from outflow's, and mean seconds.
 */
export function methodTable(outcomes: readonly Outcome[]): readonly Line[] {
  const means = meansOf(outcomes)
  return means
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
      return {
        ...{ protocol, method, AUROC: auroc, AP: averagePrecision },
        'mean rank': meanOf(ranks),
        'p of Wilcoxon': method === 'outflow' ? null : wilcoxonPValue(differences),
        ...{ 'fit s': fitSeconds, 'score s': scoreSeconds },
      }
    })
}

/** Per protocol, the mean share of anomalies among the scored normal rows, divided by the rate. Under U some of these rows were fitted. */
export function flaggedTable(outcomes: readonly Outcome[]): readonly Line[] {
  const protocols = [...new Set(outcomes.map(({ protocol }) => protocol))]
  return protocols.flatMap((protocol) => {
    const known = outcomes.flatMap((outcome) => (outcome.protocol === protocol ? [outcome.flagged ?? []] : []))
    const shares = known.filter(({ length }) => length > 0)
    return FLAGGED_AT.map((rate, at) => ({
      ...{ protocol, rate: String(rate) },
      'normal rows found, of the rate': meanOf(shares.map((own) => own[at]!)) / rate,
    }))
  })
}

const short = (share: number): string => share.toFixed(3).replace(/^0/, '')
