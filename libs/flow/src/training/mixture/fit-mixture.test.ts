import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mixtureBase, mixtureDensity, weightsOfMixture } from '../../base/gaussian-mixture.js'
import { seededRandom } from '../../random.js'
import { fitMixture, type MixtureRows } from './fit-mixture.js'
import { someMixture } from './test-mixture.js'

const dataOf = (rows: Float64Array, dim: number, more: Partial<MixtureRows> = {}): MixtureRows => ({
  dim,
  rows,
  noise: 0,
  ...more,
})
const meanNll = (nll: Float64Array) => nll.reduce((sum, nats) => sum + nats, 0) / nll.length
const fit = (data: MixtureRows, components: number) => fitMixture(data, components, seededRandom(3, 'test'))

it('approaches the mixture that drew the rows as closely as their number allows', () => {
  const truth = someMixture(3, 4)
  const draw = (purpose: string) => mixtureBase(weightsOfMixture(truth), 4).draw(seededRandom(1, purpose), 3000)
  const [rows, fresh] = [draw('rows'), draw('fresh')]
  const found = meanNll(mixtureDensity(fit(dataOf(rows, 4), 3)).nll(fresh))
  // 44 parameters were fitted: the expected excess NLL of fresh rows is 44 / 2 / 3000 nats.
  expect(found - meanNll(mixtureDensity(truth).nll(fresh))).toBeLessThan(0.03)
})

it('is widened by the variance of the noise, as if infinitely many rows had it', () => {
  const rows = Float64Array.from({ length: 400 }, (_, at) => (at % 2 === 0 ? 1 : -1))
  const { whitening, means } = fit(dataOf(rows, 1, { noise: 0.5 }), 1)
  expect(means[0]).toBeCloseTo(0, 10)
  expect(whitening[0]).toBeCloseTo(1 / Math.sqrt(1 + 0.25), 6)
})

it('keeps a component of few rows narrow if all components are narrow, and wide if they are wide', () => {
  const random = seededRandom(5, 'test')
  // The second column is nearly the first one, in a large cluster and in one of three rows at a distance of 40.
  const rows = new Float64Array(2 * 303)
  for (let row = 0; row < 303; row++) {
    rows[2 * row] = (row < 300 ? 0 : 40) + random.normal()
    rows[2 * row + 1] = rows[2 * row]! + 0.01 * random.normal()
  }
  const nll = mixtureDensity(fit(dataOf(rows, 2), 2)).nll(Float64Array.of(41.5, 41.5, 41.5, 41.3))
  // The deviation along the line is 1, so 1.5 is likely there. Across it the deviation is .01, and .2 / √2 is 14 of them.
  expect(nll[0]).toBeLessThan(5)
  expect(nll[1]).toBeGreaterThan(50)
})

it('is finite for any rows: repeated rows, fewer rows than columns, constant columns, clusters without rows', () => {
  const cell = fc.oneof(fc.constantFrom(0, 1, -3), fc.double({ min: -1e3, max: 1e3, noNaN: true }))
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 4 })
        .chain((dim) =>
          fc.tuple(
            fc.constant(dim),
            fc.array(fc.array(cell, { minLength: dim, maxLength: dim }), { minLength: 1, maxLength: 12 }),
          ),
        ),
      fc.integer({ min: 1, max: 5 }),
      ([dim, table], components) => {
        const rows = Float64Array.from(table.flat())
        const mixture = fit(dataOf(rows, dim, { noise: 0.1 }), components)
        const shares = mixture.shares.reduce((sum, share) => sum + share, 0)
        expect(shares).toBeCloseTo(1, 9)
        expect([...mixtureDensity(mixture).nll(rows)].every(Number.isFinite)).toBe(true)
      },
    ),
    { seed: 1 },
  )
})
