import type { GaussianMixture } from '../../base/gaussian-mixture.js'
import type { MixtureRows } from './fit-mixture.js'
import { fitRobustDensity } from './robust-density.js'

/**
 * Lowers the shares of components that are far from the bulk of the rows. A cluster of anomalies has its own component, under which its
 * rows are likely. Therefore the share wₖ of each component is multiplied by a robust density q of all rows at its mean:
 *
 *     p(z) ∝ Σₖ wₖ·max(q(μₖ) / maxₗ q(μₗ), e⁻¹³)·N(z; μₖ, Σₖ)
 *
 * A lower limit than e⁻¹³ would make anomalies of rare normal rows. Rows are drawn by the shares wₖ, because those of normal components far from
 * the centre are discounted, too.
 */
export function discountFarComponents(mixture: GaussianMixture, data: MixtureRows): GaussianMixture {
  const nll = fitRobustDensity(data)(mixture.means)
  const least = Math.min(...nll)
  const shares = mixture.shares.map(
    (share, component) => share * Math.exp(-Math.min(nll[component]! - least, LARGEST_DISCOUNT)),
  )
  const total = shares.reduce((sum, share) => sum + share, 0)
  return { ...mixture, shares: shares.map((share) => share / total), drawShares: mixture.shares }
}

/** Nats. */
const LARGEST_DISCOUNT = 13
