import { beforeAll, describe, expect, it, vi } from 'vitest'
import { ShapeError } from '../errors.js'
import { checkSpec, flowSpec, realNvpSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { sampleFlow } from '../scoring/sample.js'
import { openScorer } from '../scoring/scorer.js'
import { type Backend, openBackend } from '../tensor/backend.js'
import { train } from '../training/train.js'
import { standardNormal, studentT } from './independent-columns.js'

vi.setConfig({ testTimeout: 60_000 })

const student = (degreesOfFreedom: number) => ({ kind: 'student', degreesOfFreedom }) as const

/** P(Z ≤ z) by degrees of freedom, for which Student's t has a closed form. */
const CUMULATED: Readonly<Record<number, (z: number) => number>> = {
  1: (z) => 0.5 + Math.atan(z) / Math.PI,
  2: (z) => 0.5 + z / (2 * Math.sqrt(2 + z * z)),
  4: (z) => {
    const share = (z * z) / (4 + z * z)
    return 0.5 + Math.sign(z) * 0.375 * Math.sqrt(4 * share) * (1 - share / 3)
  },
}

/** Kolmogorov–Smirnov distance of draws to a distribution function. */
function kolmogorov(drawn: readonly number[], cumulated: (z: number) => number): number {
  const sorted = [...drawn].sort((a, b) => a - b)
  return Math.max(...sorted.map((z, at) => Math.abs(cumulated(z) - (at + 0.5) / sorted.length)))
}

describe.each([1, 2, 4])("Student's base of %d degrees of freedom", (nu) => {
  const base = studentT(nu, 1)
  const nllAt = (z: number) => base.nll(Float64Array.of(z))[0]!
  const cumulated = CUMULATED[nu]!

  it.each([-30, -2, -0.3, 0, 0.7, 5])('has the density of its closed form, and its slope, at %f', (z) => {
    const step = 1e-4 * Math.max(1, Math.abs(z))
    const density = (cumulated(z + step) - cumulated(z - step)) / (2 * step)
    expect(Math.exp(-nllAt(z)) / density).toBeCloseTo(1, 5)
    expect(base.slope(Float64Array.of(z))[0]).toBeCloseTo((nllAt(z + step) - nllAt(z - step)) / (2 * step), 6)
  })

  it('draws from its distribution, the same for the same seed', () => {
    const draw = (count: number) => [...base.draw(seededRandom(4, 'student'), count)]
    // Kolmogorov and Smirnov's bound for 20,000 draws at one in ten thousand.
    expect(kolmogorov(draw(20_000), cumulated)).toBeLessThan(2.23 / Math.sqrt(20_000))
    expect(draw(10)).toEqual(draw(10))
  })
})

it('approaches the standard normal with many degrees of freedom', () => {
  const z = Float64Array.of(0, 1, 3)
  const normal = standardNormal(1).nll(z)
  studentT(1000, 1)
    .nll(z)
    .forEach((nats, row) => {
      expect(Math.abs(nats - normal[row]!)).toBeLessThan(0.02)
    })
})

it.each([
  [{ kind: 'laplace' }, 'student or mixture, got laplace'],
  [{ kind: 'mixture', components: 0 }, '1 to 64, got 0'],
  [{ kind: 'mixture', components: 2.5 }, '1 to 64, got 2.5'],
  [{ kind: 'mixture', components: 2, degreesOfFreedom: 4 }, 'no such setting, got degreesOfFreedom'],
  [student(0.5), '1 to 1000, got 0.5'],
  [student(Number.NaN), '1 to 1000, got NaN'],
  [{ ...student(4), scale: 2 }, 'no such setting, got scale'],
])('throws for the base %j', (base, why) => {
  const check = () => checkSpec({ ...realNvpSpec(2), base: base as ReturnType<typeof student> })
  expect(check).toThrow(ShapeError)
  expect(check).toThrow(why)
})

describe.each(['realnvp', 'spline'] as const)(
  "a flow of the kind %s fitted to heavy tails, on Student's base",
  (kind) => {
    let backend: Backend
    beforeAll(async () => {
      backend = await openBackend('wasm')
    })

    const random = seededRandom(9, 'heavy tails')
    const aColumn = (count: number) => Float32Array.from(studentT(2, 1).draw(random, count), (z) => 1 + 0.5 * z)
    const [rows, fresh] = [aColumn(2000), aColumn(4000)]
    const fit = async (base?: ReturnType<typeof student>) => {
      const sizes = { ...flowSpec(kind, 1), layers: 2, hidden: [8] }
      const settings = { seed: 1, noise: Float32Array.of(0.02), maxSteps: 200 }
      const spec = base === undefined ? sizes : { ...sizes, base }
      return (await train({ rows, context: new Float32Array(0) }, { ...settings, spec }, backend)).flow
    }
    const nllOn = async (flow: Awaited<ReturnType<typeof fit>>, at: Float32Array) => {
      const scorer = await openScorer(flow)
      const nll = await scorer.nll(at)
      await scorer.close()
      return nll
    }

    it('integrates to 1, draws from its density, and has a lower NLL on new rows than with a normal base', async () => {
      const flow = await fit(student(2))
      // Even steps of u, x = sinh(u), to ±30,000: less than 1e-8 of the mass is beyond.
      const [steps, reach] = [4000, 11]
      const u = Float64Array.from({ length: steps + 1 }, (_, at) => (2 * reach * at) / steps - reach)
      const nll = await nllOn(flow, Float32Array.from(u, Math.sinh))
      let mass = 0
      const below = nll.map((nats, at) => {
        mass += Math.exp(-nats) * Math.cosh(u[at]!) * ((2 * reach) / steps)
        return mass
      })
      expect(Math.abs(mass - 1)).toBeLessThan(0.005)

      const drawn = [...(await sampleFlow(flow, { count: 4000, seed: 2 }))]
      const cumulated = (x: number) => below[Math.round(((Math.asinh(x) + reach) / (2 * reach)) * steps)]!
      expect(kolmogorov(drawn, cumulated)).toBeLessThan(2.23 / Math.sqrt(4000))

      const meanOn = async (of: typeof flow) => (await nllOn(of, fresh)).reduce((total, nats) => total + nats, 0) / 4000
      expect(await meanOn(flow)).toBeLessThan((await meanOn(await fit())) - 0.05)
    })
  },
)
