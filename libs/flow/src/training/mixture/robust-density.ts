import { invertCholesky, weightedCovariance, weightedMean } from './covariance.js'
import type { MixtureRows } from './fit-mixture.js'

/**
 * A Student's t density of three degrees of freedom, fitted by expectation and maximisation: far rows, and clusters of few rows, change it little.
 *
 * @returns −log density of rows [n, dim], up to a constant, [n] in nats
 * @see Lange, Little & Taylor 1989, Robust statistical modeling using the t distribution, § 3
 */
export function fitRobustDensity({ dim, rows, noise }: MixtureRows): (rows: Float64Array) => Float64Array {
  const whitening = new Float64Array(dim * dim)
  const count = rows.length / dim
  let weights = new Float64Array(count).fill(1)
  let mean: Float64Array = new Float64Array(dim)
  /** Squared Mahalanobis distance of each row from the mean, [n]. */
  const squaredDistances = (of: Float64Array) =>
    Float64Array.from({ length: of.length / dim }, (_, row) => {
      let square = 0
      for (let i = 0; i < dim; i++) {
        let value = 0
        for (let j = 0; j <= i; j++) value += whitening[i * dim + j]! * (of[row * dim + j]! - mean[j]!)
        square += value * value
      }
      return square
    })
  for (let round = 0; round < ROUNDS; round++) {
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    mean = weightedMean(rows, weights, total, dim)
    const scatter = weightedCovariance(rows, weights, count, mean)
    for (let j = 0; j < dim; j++) scatter[j * dim + j]! += noise ** 2
    invertCholesky(scatter, dim, whitening)
    weights = squaredDistances(rows).map((square) => (FREEDOM + dim) / (FREEDOM + square))
  }
  return (of) => squaredDistances(of).map((square) => ((FREEDOM + dim) / 2) * Math.log1p(square / FREEDOM))
}

const FREEDOM = 3
const ROUNDS = 30
