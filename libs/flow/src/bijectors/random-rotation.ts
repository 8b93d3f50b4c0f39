import type { Random } from '../random.js'

/**
 * A random orthogonal matrix, uniformly distributed: Gram–Schmidt orthogonalisation of a matrix of normal draws.
 *
 * @returns [dim, dim], row-major
 */
export function randomRotation(dim: number, random: Random): Float64Array {
  const matrix = Float64Array.from({ length: dim * dim }, () => random.normal())
  const rowAt = (row: number) => matrix.subarray(row * dim, (row + 1) * dim)
  for (let row = 0; row < dim; row++) {
    const own = rowAt(row)
    // Twice, because the first pass leaves rounding errors in a row that is nearly in the span of the rows before it.
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < row; other++) {
        const before = rowAt(other)
        let along = 0
        for (let at = 0; at < dim; at++) along += own[at]! * before[at]!
        for (let at = 0; at < dim; at++) own[at]! -= along * before[at]!
      }
    }
    const length = Math.hypot(...own)
    for (let at = 0; at < dim; at++) own[at]! /= length
  }
  return matrix
}
