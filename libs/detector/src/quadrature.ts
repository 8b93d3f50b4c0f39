import { fromLine, type NumberColumn, ownToLine } from '@outflow/encoding'
import { argMin } from './bits.js'

/** A density of one number on its column's line, known at some values. */
export interface GridNll {
  /** [n]; ascending, in the column's own unit; hours since the cut where it is cyclic */
  readonly grid: Float64Array
  /** [n]; −log density up to a constant, nats */
  readonly nll: Float64Array
}

/**
 * Quantiles of a density that is known on a grid, in the column's own unit, by the trapezoid rule: mass between neighbours is
 * (p + q)/2 times their distance on the line, and is uniform within such a step.
 *
 * @param shares  such as [0.05, 0.95]
 */
export function gridQuantiles(
  column: Pick<NumberColumn, 'logUnit'>,
  { grid, nll }: GridNll,
  shares: readonly number[],
): number[] {
  const line = grid.map((x) => ownToLine(column, x))
  const least = nll[argMin(nll)]!
  const cumulative = new Float64Array(grid.length)
  for (let k = 1; k < grid.length; k++) cumulative[k] = cumulative[k - 1]! + massBetween(line, nll, k, least)
  const total = cumulative.at(-1)!
  return shares.map((share) => {
    const mark = share * total
    const above = cumulative.findIndex((mass) => mass >= mark && mass > 0)
    if (above <= 0) return grid[argMin(nll)]!
    const step = cumulative[above]! - cumulative[above - 1]!
    const inside = step > 0 ? (mark - cumulative[above - 1]!) / step : 0
    return fromLine(column, line[above - 1]! + inside * (line[above]! - line[above - 1]!))
  })
}

/** log of the mass of a density that is known on a grid, by the trapezoid rule. */
export function gridLogMass(column: Pick<NumberColumn, 'logUnit'>, { grid, nll }: GridNll): number {
  const line = grid.map((x) => ownToLine(column, x))
  const least = nll[argMin(nll)]!
  const mass = nll.reduce((sum, _, k) => (k === 0 ? 0 : sum + massBetween(line, nll, k, least)), 0)
  return Math.log(mass) - least
}

/** The mass between points k − 1 and k, relative to the density of NLL `least`. */
function massBetween(line: Float64Array, nll: Float64Array, k: number, least: number): number {
  return ((Math.exp(least - nll[k]!) + Math.exp(least - nll[k - 1]!)) / 2) * (line[k]! - line[k - 1]!)
}
