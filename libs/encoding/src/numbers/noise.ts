import { silvermanNoise } from '@outflow/flow'
import type { FittedGrouping } from '../context/grouping.js'
import { halfStep, type NumberColumn } from './number-column.js'

/**
 * Standard deviation of the flow's training noise, per column in z:
 *
 *     sigma = max(step / 2, 0.25 · n^(−1/(d+4)) · MAD after the best grouping's median is subtracted / MAD before, 0.003)
 *
 * The first term dequantises values in steps; the second smooths the flow about as much as a kernel density estimate
 * would.
 *
 * @param z  [dim][n]; NaN unless present
 * @returns [dim]
 */
export function noiseOf(
  numbers: readonly NumberColumn[],
  z: readonly Float64Array[],
  groupings: readonly FittedGrouping[],
): Float32Array {
  const rule = silvermanNoise(z[0]?.length ?? 0, numbers.length)
  return Float32Array.from(numbers, (column, j) => {
    const left = groupings.reduce((least, { grouping }) => Math.min(least, grouping.remaining[j]!), 1)
    return Math.max(halfStep(column), rule * left, SMALLEST_NOISE)
  })
}

/**
 * Where a relation is exact (route → distance), the noise would otherwise be half a quantum. Measured on flights, a floor of
 * 3/1000 of the spread fits in half the steps and finds the same anomalies; 6/1000 begins to miss other routes' distances.
 */
const SMALLEST_NOISE = 3e-3
