import { expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { checkSpec, type MixtureBase, realNvpSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { standardNormal } from './standard-normal.js'

it('has the density of a standard normal, and its slope', () => {
  const base = standardNormal(2)
  const [nll] = base.nll(Float64Array.of(1, -2))
  expect(nll).toBeCloseTo(-Math.log((Math.exp(-0.5) * Math.exp(-2)) / (2 * Math.PI)), 12)
  expect([...base.slope(Float64Array.of(1, -2))]).toEqual([1, -2])
})

it('draws the same for the same seed, the distance from the mean multiplied by the temperature', () => {
  const draw = (temperature: number) => [...standardNormal(2).draw(seededRandom(4, 'normal'), 3, temperature)]
  expect(draw(1)).toEqual(draw(1))
  expect(draw(2)).toEqual(draw(1).map((z) => 2 * z))
})

it.each([
  [{ kind: 'laplace' }, 'is a mixture, got laplace'],
  [{ kind: 'mixture', components: 0 }, '1 to 64, got 0'],
  [{ kind: 'mixture', components: 2.5 }, '1 to 64, got 2.5'],
  [{ kind: 'mixture', components: 2, degreesOfFreedom: 4 }, 'no such setting, got degreesOfFreedom'],
])('throws for the base %j', (base, why) => {
  const check = () => checkSpec({ ...realNvpSpec(2), base: base as MixtureBase })
  expect(check).toThrow(ShapeError)
  expect(check).toThrow(why)
})
