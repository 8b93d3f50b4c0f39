import { type GaussianMixture, mixtureDensity } from '../../base/gaussian-mixture.js'
import { meanOf } from '../../mean.js'
import type { Random } from '../../random.js'
import { invertCholesky, weightedCovariance, weightedMean } from './covariance.js'
import { clusters } from './k-means.js'

export interface MixtureRows {
  readonly dim: number
  /** [count, dim], row-major */
  readonly rows: Float64Array
  /**
   * Deviation of Gaussian noise in every column. Its variance is added to the diagonal of each covariance, the limit of training with
   * that noise; it prevents a component of few rows from collapsing.
   */
  readonly noise: number
}

/**
 * A mixture of Gaussians by expectation and maximisation, from clusters of k-means. Each covariance is shrunk towards the pooled one
 * as if the component had `dim + 2` more rows of the pooled covariance, so that a component of few rows stays narrow in directions in
 * which all components are.
 *
 * @see Dempster, Laird & Rubin 1977, Maximum likelihood from incomplete data via the EM algorithm; Friedman 1989, Regularized discriminant
 * analysis, eq. 16, for the pooling; Fraley & Raftery 2007, Bayesian regularization for normal mixture estimation, § 2.2, for its weight
 */
export function fitMixture(data: MixtureRows, components: number, random: Random): GaussianMixture {
  const memberships = new Float64Array((data.rows.length / data.dim) * components)
  clusters(data, components, random).forEach((cluster, row) => {
    memberships[row * components + cluster] = 1
  })
  let mixture = maximisation(data, memberships, components)
  let before = Number.POSITIVE_INFINITY
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const meanNll = meanOf(expectation(mixture, data.rows, memberships))
    if (!(meanNll < before - SETTLED)) break
    before = meanNll
    mixture = maximisation(data, memberships, components)
  }
  return mixture
}

/** Nats per row; EM stops when an iteration gains less. */
const SETTLED = 3e-3
const MOST_ROUNDS = 30

/** Writes p(component | row) into `memberships` [count, components]; gives −log p of each row, [count] in nats. */
function expectation(mixture: GaussianMixture, rows: Float64Array, memberships: Float64Array): Float64Array {
  const density = mixtureDensity(mixture)
  const { length: components } = mixture.shares
  return Float64Array.from({ length: rows.length / mixture.dim }, (_, row) =>
    density.memberships(rows, row, memberships.subarray(row * components, (row + 1) * components)),
  )
}

/** M step: shares, means and covariances from the rows' memberships. */
function maximisation(
  { dim, rows, noise }: MixtureRows,
  memberships: Float64Array,
  components: number,
): GaussianMixture {
  const count = rows.length / dim
  const shares = new Float64Array(components)
  const means = new Float64Array(components * dim)
  const covariances: Float64Array[] = []
  const pooled = new Float64Array(dim * dim)
  for (let component = 0; component < components; component++) {
    const weights = Float64Array.from({ length: count }, (_, row) => memberships[row * components + component]!)
    // A component without rows keeps share 0 and the pooled covariance.
    const total = weights.reduce((sum, weight) => sum + weight, TINY)
    shares[component] = total
    const mean = weightedMean(rows, weights, total, dim)
    means.set(mean, component * dim)
    const covariance = weightedCovariance(rows, weights, total, mean)
    covariances.push(covariance)
    for (let at = 0; at < pooled.length; at++) pooled[at]! += total * covariance[at]!
  }
  const all = shares.reduce((sum, share) => sum + share, 0)
  const whitening = new Float64Array(components * dim * dim)
  covariances.forEach((covariance, component) => {
    const total = shares[component]!
    for (let at = 0; at < covariance.length; at++) {
      const shrunk = (total * covariance[at]! + (dim + 2) * (pooled[at]! / all)) / (total + dim + 2)
      covariance[at] = shrunk + (at % (dim + 1) === 0 ? noise ** 2 + TINY : 0)
    }
    invertCholesky(covariance, dim, whitening.subarray(component * dim * dim, (component + 1) * dim * dim))
  })
  return { dim, shares: shares.map((share) => share / all), means, whitening }
}

const TINY = 1e-9
