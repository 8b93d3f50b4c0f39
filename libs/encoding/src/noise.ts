import type { FittedGrouping } from './grouping.js'
import { halfStep, type NumberColumn } from './number-column.js'

/**
 * Standard deviation of the flow's training noise, per column in z:
 *
 *     sigma = max(step / 2, 0.25 · n^(−1/(d+4)) · MAD after the best grouping's median is subtracted / MAD before, 0.003)
 *
 * The first term dequantises values that come in steps; the second smooths the flow about as much as a kernel density estimate
 * would. A lone flag gets half of the first term: noise of half a step would merge its two values into one mode.
 *
 * @param z  [dim][n]; NaN unless present
 * @returns [dim]
 */
export function noiseOf(
  numbers: readonly NumberColumn[],
  z: readonly Float64Array[],
  groupings: readonly FittedGrouping[],
): Float32Array {
  const n = z[0]?.length ?? 0
  // 0.25·n^(−1/(d+4)) by exp and log, which round the same in every version of Node; powers do not.
  const rule = 0.25 * Math.exp(-Math.log(n) / (numbers.length + 4))
  const flags = loneFlags(z)
  return Float32Array.from(numbers, (column, j) => {
    const left = groupings.reduce((least, { grouping }) => Math.min(least, grouping.remaining[j]!), 1)
    return Math.max(halfStep(column) * (flags.has(j) ? 0.5 : 1), rule * left, SMALLEST_NOISE)
  })
}

/**
 * Where a relation is exact (route → distance), the noise would otherwise be half a quantum. Measured on flights, a floor of
 * 3/1000 of the spread fits in half the steps and finds the same anomalies; 6/1000 begins to miss other routes' distances.
 */
const SMALLEST_NOISE = 3e-3

/**
 * Columns of two values, the rarer in a fifth of the records or more, that can be set together with every other column of two
 * values. The columns of a one-hot encoding exclude each other, and each repeats the information of the others.
 */
function loneFlags(z: readonly Float64Array[]): ReadonlySet<number> {
  const flags = z.flatMap((column, j) => {
    const upper = upperOfTwo(column)
    return upper === null ? [] : [{ j, isSet: column.map((value) => +(value === upper)) }]
  })
  const shared = flags.map(({ isSet }) => isSet.reduce((sum, one) => sum + one, 0) / isSet.length)
  const excludes = (a: number, b: number) =>
    a !== b &&
    shared[a]! * shared[b]! * flags[a]!.isSet.length >= FEWEST_TOGETHER &&
    !flags[a]!.isSet.some((one, row) => one === 1 && flags[b]!.isSet[row] === 1)
  return new Set(
    flags
      .filter((_, a) => Math.min(shared[a]!, 1 - shared[a]!) >= RARER_SHARE && !flags.some((_, b) => excludes(a, b)))
      .map(({ j }) => j),
  )
}

/** The larger of a column's two values; null if it has one value or more than two, or some are missing. */
function upperOfTwo(column: Float64Array): number | null {
  const first = column[0]!
  const second = column.find((value) => value !== first)
  if (second === undefined || !column.every((value) => value === first || value === second)) return null
  return Math.max(first, second)
}

const RARER_SHARE = 0.2
/** Expected number of records with both set if the two were independent; below this, their absence is no evidence. */
const FEWEST_TOGETHER = 20
