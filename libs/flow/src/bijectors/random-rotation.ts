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

/** The fixed weights of a mixing, drawn once from the seed. */
export interface Pivots {
  /** [dim]; row i of W is row order(i) of L·U */
  readonly order: readonly number[]
  /** [dim]; the signs of U's diagonal, 1 or −1 */
  readonly sign: readonly number[]
}

/**
 * W = P·L·(U + diag(sign⊙exp(s))), by elimination with pivots.
 *
 * @param matrix  [dim, dim], row-major, not singular
 * @returns the factors in the form that `mixing` takes
 */
export function factorised(matrix: Float64Array, dim: number): Pivots & { readonly factors: Float64Array } {
  const rows = Array.from({ length: dim }, (_, row) => ({
    row,
    values: matrix.slice(row * dim, (row + 1) * dim),
  }))
  for (let step = 0; step < dim; step++) {
    const largest = rows
      .slice(step)
      .reduce((best, each) => (Math.abs(each.values[step]!) > Math.abs(best.values[step]!) ? each : best))
    rows[rows.indexOf(largest)] = rows[step]!
    rows[step] = largest
    for (const { values } of rows.slice(step + 1)) {
      const factor = values[step]! / largest.values[step]!
      for (let column = step + 1; column < dim; column++) values[column]! -= factor * largest.values[column]!
      values[step] = factor
    }
  }
  const factors = new Float64Array(dim * dim)
  const order = new Array<number>(dim)
  const sign = rows.map(({ row, values }, at) => {
    order[row] = at
    const pivot = values[at]!
    factors.set(values, at * dim)
    factors[at * (dim + 1)] = Math.log(Math.abs(pivot))
    return Math.sign(pivot)
  })
  return { factors, order, sign }
}
