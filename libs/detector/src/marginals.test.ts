import { type Feature, featureSchema } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { describe, expect, it } from 'vitest'
import { fitMarginals } from './marginals.js'
import { seededDraws } from './test-draws.js'

const { normal } = seededDraws(7)
const numeric: Feature = { path: '$.x', type: 'numeric', optional: false }
const ofNumber = (values: readonly number[]) =>
  fitMarginals(
    [numeric],
    values.map((value) => ({ numbers: [value], categories: [] })),
    {},
  )
const at = (value: number): Fields => ({ numbers: [value], categories: [] })

describe('a density of independent fields', () => {
  it('integrates to one over a number with outliers and steps', () => {
    const values = Array.from({ length: 3_000 }, () => Math.round(20 * normal()) / 4)
    const nllByField = ofNumber([...values, 400])
    let mass = 0
    for (let x = -2_000; x < 2_000; x += 0.05) mass += 0.05 * Math.exp(-nllByField(at(x))[0]!)
    expect(mass).toBeGreaterThan(0.98)
    expect(mass).toBeLessThan(1.01)
  })

  it.each([1, 1_000])('has a mean NLL within 0.06 nats of the entropy of normal numbers of deviation %i', (scale) => {
    const nllByField = ofNumber(Array.from({ length: 5_000 }, () => scale * normal()))
    const fresh = Array.from({ length: 5_000 }, () => nllByField(at(scale * normal()))[0]!)
    const mean = fresh.reduce((sum, nll) => sum + nll, 0) / fresh.length
    expect(Math.abs(mean - 0.5 * Math.log(2 * Math.PI * Math.E) - Math.log(scale))).toBeLessThan(0.06)
  })

  it('models the usual value of the model, and a missing one, by a probability', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => (i % 50 === 0 ? normal() : 0))
    const category = featureSchema.parse({ path: '$.c', type: 'categorical' })
    const record = (value: number): Fields => ({ numbers: [value], categories: ['c'] })
    const missing = Array.from({ length: 1_000 }, () => Number.NaN)
    const nllByField = fitMarginals([numeric, category], [...values, ...missing].map(record), { x: 0 })
    expect(nllByField(record(0))[0]).toBeCloseTo(-Math.log(0.49), 2)
    // One in fifty of the other values has a density and not a probability.
    expect(Math.abs(nllByField(record(Number.NaN))[0]! + Math.log(0.5))).toBeLessThan(0.05)
  })

  it('models a common value that the model has no probability for by a density (in large units a healthy first model failed its gate)', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => (i % 33 === 0 ? 200 + 50 * normal() : 0))
    const inUnit = (unit: number) => ofNumber(values.map((value) => unit * value))(at(0))[0]!
    expect(inUnit(1_000) - inUnit(1)).toBeCloseTo(Math.log(1_000), 6)
  })

  it('models a number on a log scale by a density in its own unit', () => {
    const values = Array.from({ length: 2_000 }, () => Math.exp(normal()))
    const nllByField = fitMarginals([{ ...numeric, scale: 'log' }], values.map(at), {})
    let mass = 0
    for (let x = 0.005; x < 500; x += 0.01) mass += 0.01 * Math.exp(-nllByField(at(x))[0]!)
    expect(mass).toBeGreaterThan(0.95)
    expect(mass).toBeLessThan(1.01)
  })

  it('models categories by their share, and times as a cycle around midnight', () => {
    const features = [
      featureSchema.parse({ path: '$.city', type: 'categorical' }),
      featureSchema.parse({ path: '$.at', type: 'cyclic', period: 'day' }),
    ]
    const midnight = Date.UTC(2026, 0, 2)
    const records = Array.from({ length: 1_000 }, (_, i) => ({
      numbers: [midnight - 60_000 * (i % 30)],
      categories: [i % 4 === 0 ? 'Reno' : 'Salem'],
    }))
    const nllByField = fitMarginals(features, records, {})
    const nll = (city: string, ms: number) => [...nllByField({ numbers: [ms], categories: [city] })]
    expect(nll('Reno', midnight)[0]).toBeCloseTo(Math.log(4), 2)
    expect(nll('Oslo', midnight)[0]).toBeGreaterThan(7)
    expect(nll('Reno', midnight + 30_000)[1]).toBeLessThan(nll('Reno', midnight + 12 * 3_600_000)[1]! - 3)
  })

  it('models a time by the hour of its zone, as the model does (it took UTC, which is another hour in summer)', () => {
    const feature = featureSchema.parse({ path: '$.at', type: 'cyclic', period: 'day', zone: 'America/New_York' })
    const winter = Date.UTC(2026, 0, 5, 14)
    const summer = Date.UTC(2026, 6, 6, 13)
    const records = Array.from({ length: 1_000 }, (_, day) => at((day < 500 ? winter : summer) + 60_000 * (day % 10)))
    const nllByField = fitMarginals([feature], records, {})
    expect(nllByField(at(winter))[0]).toBe(nllByField(at(summer))[0])
    expect(nllByField(at(winter - 3_600_000))[0]).toBeGreaterThan(nllByField(at(winter))[0]! + 3)
  })

  it('is finite for every record', () => {
    for (const values of [[3], [3, 3, 3], [0, 1e300], [-1e-300, 1e-300], [0, 5e-324, 1e-323], [Number.NaN]]) {
      const nllByField = ofNumber(values)
      for (const x of [0, 3, 1e300, -1e300, 1e-300, Number.NaN]) {
        expect(Number.isFinite(nllByField(at(x))[0]!), `${x} after ${values}`).toBe(true)
      }
    }
  })
})
