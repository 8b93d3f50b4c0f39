import { factorised, solvedRows } from '../bijectors/plu.js'

/**
 * Solves Jᵀ·v = b for many small systems, in float64.
 *
 * @param matrices  J, [count, dim, dim], row-major
 * @param right     b, [count, dim]
 * @returns [count, dim]; not finite if a matrix is singular
 */
export function solveTransposed(matrices: ArrayLike<number>, right: Float64Array, dim: number): Float64Array {
  const solved = new Float64Array(right.length)
  for (let from = 0; from < right.length; from += dim) {
    const transposed = Float64Array.from(
      { length: dim * dim },
      (_, at) => matrices[(from + (at % dim)) * dim + Math.floor(at / dim)]!,
    )
    const { factors, ...pivots } = factorised(transposed, dim)
    solved.set(solvedRows(factors, pivots, right.subarray(from, from + dim)), from)
  }
  return solved
}
