import { type GaussianMixture, weightsOfMixture } from '../../base/gaussian-mixture.js'
import { seededRandom } from '../../random.js'

/** A mixture of separated, correlated components of different widths, determined by the seed. */
export function someMixture(components: number, dim: number, seed = 1): GaussianMixture {
  const random = seededRandom(seed, 'some mixture')
  const shares = Float64Array.from({ length: components }, () => 0.2 + random.uniform())
  const total = shares.reduce((sum, share) => sum + share, 0)
  const whitening = Float64Array.from({ length: components * dim * dim }, (_, at) => {
    const [row, column] = [Math.floor(at / dim) % dim, at % dim]
    if (column > row) return 0
    return column === row ? 0.7 + random.uniform() : 0.6 * random.normal()
  })
  return {
    dim,
    shares: shares.map((share) => share / total),
    means: Float64Array.from({ length: components * dim }, () => 1.5 * random.normal()),
    whitening,
  }
}

export const someMixtureBase = (components: number, dim: number, seed = 1) => ({
  base: { kind: 'mixture', components } as const,
  weights: weightsOfMixture(someMixture(components, dim, seed)),
})
