import type { Counterfactual } from '@outflow/contracts'
import type { Encoder } from '@outflow/encoding'
import { type Candidate, counterfactualOf } from './counterfactual.js'
import { repairsOf } from './mistakes.js'
import type { NllQueries } from './nll-queries.js'
import type { Curve } from './number-reason.js'
import { logIfNumberWrong } from './wrong-field.js'

/**
 * Names the mistake that made a record improbable, if its repair makes the record normal and its posterior is above one half.
 * Most of the prior, .82, is for no known mistake; the rest is divided evenly among the kinds in each field:
 *
 *     share(repair) ∝ prior(repair) · p(repaired record) · (number of values that the mistake maps to one)
 *     share(none)   ∝ prior(none) · [p(record) + mean over numbers j of ∫ p(record with v in j) dv · arbitrary(its own value in j)]
 *
 * because a record without a known mistake is rare but correct, or has a number with an unknown cause.
 *
 * @param curves       by number, the record's NLL at other values of the number; without numbers whose change does not help
 * @param thresholdNll  nats; only a record above it is an anomaly
 * @returns the change to the repaired record; null if no mistake meets the conditions
 */
export function* nameMistake(
  encoder: Encoder,
  { fields, nll: recordNll }: Candidate,
  curves: ReadonlyMap<number, Curve>,
  thresholdNll: number,
): NllQueries<Counterfactual | null> {
  const fitOf = (j: number) => {
    const curve = curves.get(j)
    if (curve === undefined) return undefined
    const { usual } = encoder.numbers[j]!
    return (value: number) => (value === usual ? curve.usualNll! <= thresholdNll : isLowAt(curve, value, thresholdNll))
  }
  // If one number alone makes the record normal, a swap must include a number whose change helps.
  const isOneEnough = [...curves.values()].some((curve) => curve.nll.some((nats) => nats <= thresholdNll))
  const maySwap = (i: number, j: number) => !isOneEnough || curves.has(i) || curves.has(j)
  const { repairs, kinds } = repairsOf(encoder, fields, fitOf, maySwap)
  if (repairs.length === 0) return null
  const nll = yield repairs.map((repair) => repair.fields)
  const logs = repairs.map(({ logWeight }, at) => logWeight - nll[at]! - Math.log(kinds))
  const unknown = Array.from(
    curves,
    ([j, curve]) => logIfNumberWrong(encoder, fields, j, curve) - Math.log(encoder.numbers.length),
  )
  const best = logs.reduce((most, log, at) => (log > logs[most]! ? at : most), 0)
  const none = [-recordNll, ...unknown].map((log) => log + LOG_ODDS_OF_NONE)
  const total = [...none, ...logs].reduce((sum, log) => sum + Math.exp(log - logs[best]!), 0)
  if (!(nll[best]! <= thresholdNll && 1 / total > LEAST_SHARE)) return null
  const { mistake, fields: repaired } = repairs[best]!
  return counterfactualOf(encoder, fields, { fields: repaired, nll: nll[best]! }, { name: mistake, share: 1 / total })
}

const LEAST_SHARE = 0.5
/** With less, more natural outliers get a mistake; with more, fewer mistakes are named (docs/design/accuracy-trials.md). */
const PRIOR_OF_NONE = 0.82
const LOG_ODDS_OF_NONE = Math.log(PRIOR_OF_NONE / (1 - PRIOR_OF_NONE))

/** Whether the NLL is below a limit at a point of the curve next to a value. */
function isLowAt({ grid, nll }: Curve, value: number, limit: number): boolean {
  if (!(grid[0]! <= value && value <= grid.at(-1)!)) return false
  const above = grid.findIndex((x) => x >= value)
  return nll[above]! <= limit || (above > 0 && nll[above - 1]! <= limit)
}
