import type { FittedGrouping } from './grouping.js'
import { halfStep, type NumberColumn } from './number-column.js'

/**
 * The flow's noise by what is left to explain, per column in z:
 *
 *     sigma = max(step / 2, 0.25 · n^(−1/(d+4)) · MAD after the best grouping's median is taken away / MAD before, 0.003)
 *
 * It is the dequantisation of values that come in steps, and smooths the flow about as wide as a kernel density would. A flag that
 * stands alone gets half of the first: half a step to either side would make one hump of its two values.
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
  // 0.25·n^(−1/(d+4)), by exp and log, which every Node rounds alike; powers differ.
  const rule = 0.25 * Math.exp(-Math.log(n) / (numbers.length + 4))
  const flags = loneFlags(z)
  return Float32Array.from(numbers, (column, j) => {
    const left = groupings.reduce((least, { grouping }) => Math.min(least, grouping.remaining[j]!), 1)
    return Math.max(halfStep(column) * (flags.has(j) ? 0.5 : 1), rule * left, SMALLEST_NOISE)
  })
}

/**
 * Where a relation holds exactly (route → distance), half a quantum is all the noise there would be. Measured on flights, a
 * floor at 3/1000 of the spread fits in half the steps and finds the same; 6/1000 begins to lose other routes' distances.
 */
const SMALLEST_NOISE = 3e-3

/**
 * Columns of two values, the rarer in a fifth of the records or more, that no other column of two values excludes: columns of
 * a one-hot coding exclude each other, and each repeats the information of the others.
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

/** The larger of a column's two values; null where it has more, or one, or misses some. */
function upperOfTwo(column: Float64Array): number | null {
  const first = column[0]!
  const second = column.find((value) => value !== first)
  if (second === undefined || !column.every((value) => value === first || value === second)) return null
  return Math.max(first, second)
}

const RARER_SHARE = 0.2
/** Records that would have both, were the two independent: below this, their absence is no evidence. */
const FEWEST_TOGETHER = 20
