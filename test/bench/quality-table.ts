import type { Protocol } from './labelled-set.js'
import type { Ranking } from './ranking.js'

/** How one method did on one split of one set. */
export interface Outcome extends Ranking {
  readonly set: string
  readonly protocol: Protocol
  readonly seed: number
  readonly method: string
  /** Fitting and scoring. */
  readonly seconds: number
  /** Of outflow's own fit. */
  readonly fit?: object
}

export interface Mean extends Ranking {
  readonly protocol: Protocol
  readonly method: string
  /** Null: over all sets. */
  readonly set: string | null
  readonly seconds: number
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
        // Half-way through a run the last set has one protocol alone.
        if (own.length === 0) return []
        const mean = (pick: (outcome: Outcome) => number) => own.reduce((sum, each) => sum + pick(each), 0) / own.length
        return {
          protocol: own[0]!.protocol,
          method,
          set,
          auroc: mean(({ auroc }) => auroc),
          averagePrecision: mean(({ averagePrecision }) => averagePrecision),
          seconds: mean(({ seconds }) => seconds),
        }
      }),
    ),
  )
}

/** One table in words: a line per set and protocol, AUROC / AP of every method. */
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
  const table = [['AUROC AP', ...methods], ...lines]
  const widths = table[0]!.map((_, at) => Math.max(...table.map((line) => line[at]!.length)))
  return table
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const short = (share: number): string => share.toFixed(3).replace(/^0/, '')
