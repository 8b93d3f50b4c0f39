/**
 * Solves Jᵀ·v = b for many small systems by Gaussian elimination with pivots, in float64.
 *
 * @param matrices  J, [count, dim, dim], row-major
 * @param right     b, [count, dim]
 * @returns [count, dim]; not finite where a matrix is singular
 */
export function solveTransposed(matrices: ArrayLike<number>, right: Float64Array, dim: number): Float64Array {
  const solved = right.slice()
  for (let from = 0; from < right.length; from += dim) {
    const rows = Array.from({ length: dim }, (_, row) => ({
      left: Float64Array.from({ length: dim }, (_, column) => matrices[(from + column) * dim + row]!),
      right: right[from + row]!,
    }))
    for (let step = 0; step < dim; step++) {
      const pivot = rows
        .slice(step)
        .reduce((best, row) => (Math.abs(row.left[step]!) > Math.abs(best.left[step]!) ? row : best))
      rows[rows.indexOf(pivot)] = rows[step]!
      rows[step] = pivot
      for (const row of rows.slice(step + 1)) {
        const factor = row.left[step]! / pivot.left[step]!
        for (let column = step; column < dim; column++) row.left[column]! -= factor * pivot.left[column]!
        row.right -= factor * pivot.right
      }
    }
    for (let step = dim - 1; step >= 0; step--) {
      const { left, right: total } = rows[step]!
      let rest = total
      for (let column = step + 1; column < dim; column++) rest -= left[column]! * solved[from + column]!
      solved[from + step] = rest / left[step]!
    }
  }
  return solved
}
