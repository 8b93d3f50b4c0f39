import { describe, expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import { realNvpSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { openScorer } from '../scoring/scorer.js'
import { someMixture } from '../training/mixture/test-mixture.js'
import { mixtureBase, mixtureDensity, weightsOfMixture } from './gaussian-mixture.js'
import { standardNormal } from './standard-normal.js'

const baseOf = (components: number, dim: number) => mixtureBase(weightsOfMixture(someMixture(components, dim)), dim)

describe.each([
  [1, 1],
  [3, 1],
  [3, 2],
  [4, 5],
])('a mixture of %d Gaussians of %d columns', (components, dim) => {
  const base = baseOf(components, dim)
  const drawn = base.draw(seededRandom(2, 'test'), 20_000)
  const some = drawn.subarray(0, 6 * dim)

  it('has the slope of its NLL', () => {
    const slope = base.slope(some)
    for (let at = 0; at < some.length; at++) {
      const row = Math.floor(at / dim)
      const moved = (step: number) => base.nll(some.map((z, place) => (place === at ? z + step : z)))[row]!
      expect(slope[at]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 5)
    }
  })

  // ∇ log p has mean 0 under p, and E[z·∇ log p] = −1 for each column (Stein): draws and density are of one distribution.
  it('draws from its density', () => {
    const slope = base.slope(drawn)
    for (let column = 0; column < dim; column++) {
      let [mean, withPlace, square] = [0, 0, 0]
      for (let at = column; at < drawn.length; at += dim) {
        mean += slope[at]! / 20_000
        withPlace += (slope[at]! * drawn[at]!) / 20_000
        square += (slope[at]! * drawn[at]!) ** 2 / 20_000
      }
      expect(Math.abs(mean)).toBeLessThan(0.05)
      expect(Math.abs(withPlace - 1)).toBeLessThan(4 * Math.sqrt(square / 20_000))
    }
  })
})

it('draws rows closer to the mean of their component at a temperature below 1', () => {
  const { means } = someMixture(1, 3)
  const draw = (temperature: number) => baseOf(1, 3).draw(seededRandom(2, 'test'), 50, temperature)
  const [warm, cold] = [draw(1), draw(0.25)]
  cold.forEach((value, at) => {
    expect(value - means[at % 3]!).toBeCloseTo(0.25 * (warm[at]! - means[at % 3]!), 5)
  })
})

it('leaves out components whose contribution is negligible', () => {
  const dim = 3
  const components = 3
  const whitening = Float64Array.from({ length: components * dim * dim }, (_, at) => ((at % 9) % 4 === 0 ? 1 : 0))
  const shares = Float64Array.of(0, 0.25, 0.75)
  const { nll } = mixtureDensity({ dim, shares, whitening, means: Float64Array.of(0, 0, 0, 0, 0, 0, 100, 0, 0) })
  const normal = (square: number) => 0.5 * square + 1.5 * Math.log(2 * Math.PI)
  const [near, middle] = nll(Float64Array.of(1, 2, 0, 50, 0, 0))
  expect(near).toBeCloseTo(normal(5) - Math.log(0.25), 12)
  expect(middle).toBeCloseTo(normal(2_500), 9)
})

it('integrates to 1', () => {
  const [side, reach] = [300, 15]
  const cell = (2 * reach) / side
  const grid = Float64Array.from({ length: 2 * side * side }, (_, at) => {
    const index = at % 2 === 0 ? Math.floor(at / 2 / side) : Math.floor(at / 2) % side
    return (index + 0.5) * cell - reach
  })
  const mass = baseOf(3, 2)
    .nll(grid)
    .reduce((sum, nats) => sum + Math.exp(-nats) * cell ** 2, 0)
  expect(Math.abs(mass - 1)).toBeLessThan(1e-3)
})

it('has a finite NLL for far rows whose density underflows in float64', () => {
  const [near, far] = baseOf(3, 2).nll(Float64Array.of(1e3, 0, 1e6, 0))
  expect(near).toBeGreaterThan(1e4)
  expect(far! / near!).toBeCloseTo(1e6, -5)
})

it('is standard normal before a fit', () => {
  const flow = unfittedFlow({ ...realNvpSpec(2), base: { kind: 'mixture', components: 3 } }, 1)
  const z = Float64Array.of(0.5, -2, 0, 4)
  const normal = standardNormal(2).nll(z)
  mixtureBase(flow.weights, 2)
    .nll(z)
    .forEach((nats, row) => {
      expect(nats).toBeCloseTo(normal[row]!, 6)
    })
})

it('throws for weights that are not a mixture', async () => {
  const spec = { ...realNvpSpec(2), base: { kind: 'mixture', components: 2 } } as const
  const flat = unfittedFlow(spec, 1)
  flat.weights.get('base.whitening')!.data[3] = 0
  await expect(openScorer(flat)).rejects.toThrow(ShapeError)
  await expect(openScorer(flat)).rejects.toThrow('diagonal of a mixture')
  const empty = unfittedFlow(spec, 1)
  empty.weights.get('base.shares')!.data.set([1, -1])
  await expect(openScorer(empty)).rejects.toThrow('shares of a mixture')
})
