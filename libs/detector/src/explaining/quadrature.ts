import { fromLine, type NumberColumn, ownToLine, roundToStep } from '@outflow/encoding'
import { argMin } from '../bits.js'

/** A density of one number on its column's line, known at some values. */
export interface GridNll {
  /** [n]; ascending, in the column's own unit; hours since the cut where it is cyclic */
  readonly grid: Float64Array
  /** [n]; −log density up to a constant, nats */
  readonly nll: Float64Array
}

/**
 * The 5 % and the 95 % quantile of a density that is known on a grid, in the column's own unit and rounded to its step, by the
 * trapezoid rule: mass between neighbours is (p + q)/2 times their distance on the line, and is uniform within such a step.
 */
export function usualRange(
  column: Pick<NumberColumn, 'logUnit' | 'quantum'>,
  { grid, nll }: GridNll,
): readonly [low: number, high: number] {
  const { line, below } = integrated(column, { grid, nll })
  const quantile = (share: number) => {
    const mark = share * below.at(-1)!
    const above = below.findIndex((mass) => mass >= mark && mass > 0)
    if (above < 0) return grid[argMin(nll)]!
    const inside = (mark - below[above - 1]!) / (below[above]! - below[above - 1]!)
    return fromLine(column, line[above - 1]! + inside * (line[above]! - line[above - 1]!))
  }
  return [roundToStep(column, quantile(0.05)), roundToStep(column, quantile(0.95))]
}

/** log of the mass of a density that is known on a grid, by the trapezoid rule; −∞ on fewer than two values. */
export function gridLogMass(column: Pick<NumberColumn, 'logUnit'>, curve: GridNll): number {
  if (curve.grid.length < 2) return Number.NEGATIVE_INFINITY
  const { below, least } = integrated(column, curve)
  return Math.log(below.at(-1)!) - least
}

/** The points on the line, the lowest NLL, and the mass below each point, relative to the density of that NLL. */
function integrated(column: Pick<NumberColumn, 'logUnit'>, { grid, nll }: GridNll) {
  const line = grid.map((x) => ownToLine(column, x))
  const least = nll[argMin(nll)]!
  const below = new Float64Array(grid.length)
  for (let k = 1; k < grid.length; k++) {
    const mean = (Math.exp(least - nll[k]!) + Math.exp(least - nll[k - 1]!)) / 2
    below[k] = below[k - 1]! + mean * (line[k]! - line[k - 1]!)
  }
  return { line, least, below }
}
