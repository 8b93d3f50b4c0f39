// Moments of weighted rows: rows is [count, dim], row-major; weights is [count]; total is a divisor.

/** Σ weight·x / total, [dim] */
export function weightedMean(rows: Float64Array, weights: Float64Array, total: number, dim: number): Float64Array {
  const mean = new Float64Array(dim)
  for (let row = 0; row < weights.length; row++) {
    const share = weights[row]! / total
    for (let j = 0; j < dim; j++) mean[j]! += share * rows[row * dim + j]!
  }
  return mean
}

/** Σ weight·(x − mean)·(x − mean)ᵀ / total, [dim, dim], of which the lower triangle is filled */
export function weightedCovariance(
  rows: Float64Array,
  weights: Float64Array,
  total: number,
  mean: Float64Array,
): Float64Array {
  const { length: dim } = mean
  const covariance = new Float64Array(dim * dim)
  const deviation = new Float64Array(dim)
  for (let row = 0; row < weights.length; row++) {
    const share = weights[row]! / total
    if (share < NEGLIGIBLE) continue
    for (let j = 0; j < dim; j++) deviation[j] = rows[row * dim + j]! - mean[j]!
    for (let i = 0; i < dim; i++) {
      const scaled = share * deviation[i]!
      for (let j = 0; j <= i; j++) covariance[i * dim + j]! += scaled * deviation[j]!
    }
  }
  return covariance
}

const NEGLIGIBLE = 1e-9

/** Writes L⁻¹ of L·Lᵀ = covariance, lower triangular; reads the lower triangle alone, and overwrites it with L. */
export function invertCholesky(covariance: Float64Array, dim: number, inverse: Float64Array): void {
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = covariance[i * dim + j]!
      for (let k = 0; k < j; k++) rest -= covariance[i * dim + k]! * covariance[j * dim + k]!
      covariance[i * dim + j] = i === j ? Math.sqrt(Math.max(rest, LEAST_PIVOT)) : rest / covariance[j * dim + j]!
    }
  }
  for (let column = 0; column < dim; column++) {
    inverse[column * dim + column] = 1 / covariance[column * dim + column]!
    for (let i = column + 1; i < dim; i++) {
      let sum = 0
      for (let k = column; k < i; k++) sum -= covariance[i * dim + k]! * inverse[k * dim + column]!
      inverse[i * dim + column] = sum / covariance[i * dim + i]!
    }
  }
}

const LEAST_PIVOT = 1e-9
