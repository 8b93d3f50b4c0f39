import { argMin } from './bits.js'

/**
 * Quantiles of a density that is known on a grid, by the trapezoid rule: mass between neighbours is (p + q)/2 times their
 * distance, and is uniform within such a step.
 *
 * @param grid    [n], ascending
 * @param nll     [n]; −log density up to a constant, nats
 * @param shares  such as [0.05, 0.95]
 */
export function gridQuantiles(grid: Float64Array, nll: Float64Array, shares: readonly number[]): number[] {
  const least = nll[argMin(nll)]!
  const density = nll.map((own) => Math.exp(least - own))
  const cumulative = new Float64Array(grid.length)
  for (let k = 1; k < grid.length; k++) {
    cumulative[k] = cumulative[k - 1]! + ((density[k]! + density[k - 1]!) / 2) * (grid[k]! - grid[k - 1]!)
  }
  const total = cumulative.at(-1)!
  return shares.map((share) => {
    const mark = share * total
    const above = cumulative.findIndex((mass) => mass >= mark && mass > 0)
    if (above <= 0) return grid[argMin(nll)]!
    const step = cumulative[above]! - cumulative[above - 1]!
    const inside = step > 0 ? (mark - cumulative[above - 1]!) / step : 0
    return grid[above - 1]! + inside * (grid[above]! - grid[above - 1]!)
  })
}

/** log of the mass of a density that is known on a grid, by the trapezoid rule; parameters as of `gridQuantiles`. */
export function gridLogMass(grid: Float64Array, nll: Float64Array): number {
  const least = nll[argMin(nll)]!
  const mass = nll.reduce((sum, own, k) => {
    if (k === 0) return 0
    return sum + ((Math.exp(least - own) + Math.exp(least - nll[k - 1]!)) / 2) * (grid[k]! - grid[k - 1]!)
  }, 0)
  return Math.log(mass) - least
}
