import type { Feature } from '@outflow/contracts'
import { columnsOf, type Fields } from '@outflow/records/fields'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Detector, openDetector } from './detector.js'
import { divergenceOf } from './divergence.js'
import { TooFewRecords } from './errors.js'
import { readerOf, seededDraws } from './test-draws.js'
import { fitSmall, openInTest } from './test-training.js'
import type { TrainedDetector, TrainingInput } from './train.js'

const number: Feature = { path: '$.x', type: 'numeric', optional: false }
const city: Feature = { path: '$.place.city', type: 'categorical', optional: false }
const state: Feature = { path: '$.place.state', type: 'categorical', optional: false }
const STATES = { Austin: 'TX', Dallas: 'TX', Boston: 'MA', Salem: 'MA', Reno: 'NV' } as const
const CITIES = Object.keys(STATES) as (keyof typeof STATES)[]

const explainOne = async (detector: Detector, fields: Fields) => (await detector.explain([fields]))[0]!

/** Each city has its own range of x. */
function makeRecords(count: number, seed: number) {
  const { uniform } = seededDraws(seed)
  return Array.from({ length: count }, () => {
    const index = Math.floor(uniform() * CITIES.length)
    const own = CITIES[index]!
    const spread = uniform() + uniform() + uniform() - 1.5
    return { x: Math.round(100 * index + 10 * spread), place: { city: own, state: STATES[own] as string } }
  })
}

const fit = (features: readonly Feature[], records: readonly Fields[], change: Partial<TrainingInput> = {}) =>
  fitSmall(features, records, {
    model: { kind: 'realnvp', layers: 2, hidden: [16] },
    training: { contamination: 0.01, seed: 3 },
    ...change,
  })

const train = (features: readonly Feature[], records: readonly unknown[], change: Partial<TrainingInput> = {}) =>
  fit(features, records.map(readerOf(features)), change)

it('a provisional detector is fitted to all records, and calibrated by all of them', async () => {
  const { artefact, metadata } = await train([number, city, state], makeRecords(200, 4), { provisional: true })
  expect(metadata).toMatchObject({ provisional: true, training: { rows: 200, steps: 0 }, calibration: { rows: 200 } })
  const detector = await openInTest(artefact)
  const read = (record: unknown) => detector.read(record) as Fields
  const { pValue } = await detector.score(makeRecords(2_000, 5).map(read))
  for (const alpha of [0.2, 0.05, 0.01]) {
    const chance = 3 * Math.sqrt((alpha * (1 - alpha)) / 200)
    expect(pValue.filter((p) => p <= alpha).length / 2_000, `at ${alpha}`).toBeLessThan(alpha + chance)
  }
  const [odd] = (await detector.score([read({ x: 5_000, place: { city: 'Austin', state: 'TX' } })])).pValue
  expect(odd).toBeCloseTo(1 / 201)
}, 60_000)

it('a value that all records share is normal under a provisional detector (each of them was an anomaly, and no model passed its gate)', async () => {
  const { artefact } = await train(
    [number],
    Array.from({ length: 225 }, () => ({ x: 5 })),
    { provisional: true, training: { contamination: 0.01, seed: 1 } },
  )
  const detector = await openInTest(artefact)
  const { pValue } = await detector.score([detector.read({ x: 5 }), detector.read({ x: 6 })] as Fields[])
  expect(pValue[0]).toBe(1)
  expect(pValue[1]).toBeCloseTo(1 / 226)
}, 60_000)

describe('a detector of categories and numbers', () => {
  let trained: TrainedDetector
  let detector: Detector
  const read = (record: unknown) => detector.read(record) as Fields

  beforeAll(async () => {
    trained = await train([number, city, state], makeRecords(1200, 1))
    detector = await openDetector(Buffer.from(trained.artefact))
  }, 60_000)
  afterAll(() => detector.close())

  it('gives the band of a number for the other fields of its record', async () => {
    const records = [
      { x: 700, place: { city: 'Dallas', state: 'TX' } },
      { x: 300, place: { city: 'Salem', state: 'MA' } },
    ].map(read)
    const [dallas, salem] = (await detector.bands(records, ['x'])).map(([band]) => band!)
    expect(dallas!.value).toBe(700)
    expect(dallas!.low).toBeGreaterThan(80)
    expect(dallas!.high).toBeLessThan(120)
    expect(salem!.low).toBeGreaterThan(280)
    expect(salem!.low).toBeLessThan(300)
    expect(salem!.high).toBeGreaterThan(300)
    expect(salem!.high).toBeLessThan(320)
  })

  it('returns its metadata', () => {
    const { metadata } = detector
    expect(metadata).toEqual(trained.metadata)
    expect(metadata).toMatchObject({
      dim: 1,
      seed: 3,
      calibration: { rows: 120 },
      training: { rows: 1080, backend: 'wasm' },
    })
  })

  it('finds about the alert rate of anomalies in new normal records', async () => {
    const { pValue } = await detector.score(makeRecords(2000, 2).map(read))
    expect(pValue.filter((p) => p <= 0.02).length / 2000).toBeLessThan(0.05)
  })

  it('finds a number of another city, and names the field and the expected value', async () => {
    const odd = read({ x: 0, place: { city: 'Reno', state: 'NV' } })
    const { pValue } = await detector.score([odd])
    expect(pValue[0]).toBeLessThan(0.02)
    const { reasons, counterfactual } = await explainOne(detector, odd)
    const reason = reasons[0]
    expect(reason).toMatchObject({ field: 'x', observed: 0 })
    expect(counterfactual).toMatchObject({ changes: [{ field: 'x', from: 0 }] })
    expect(counterfactual!.text).toMatch(/^normal with x [34]\d\d instead of 0$/)
    const changed = read({ x: counterfactual!.changes[0]!.to, place: { city: 'Reno', state: 'NV' } })
    const again = await detector.score([changed])
    expect(again.nll[0]).toBeCloseTo(counterfactual!.nll, 4)
    expect(again.pValue[0]).toBeGreaterThan(0.02)
    expect(reason!.expected).toBeGreaterThan(380)
    expect(reason!.text).toMatch(/^x 0 is far below the (usual )?[\d,]+.*/)
  })

  it('finds a city in the wrong state by the counts alone', async () => {
    const odd = read({ x: 0, place: { city: 'Austin', state: 'MA' } })
    const { pValue } = await detector.score([odd])
    expect(pValue[0]).toBeLessThan(0.02)
    const { reasons, counterfactual } = await explainOne(detector, odd)
    expect(reasons.map(({ text }) => text)).toContain('place.state MA is never seen with place.city Austin')
    expect(counterfactual?.changes).toEqual([{ field: 'place.state', from: 'MA', to: 'TX' }])
  })

  it('changes more than one field if one alone does not make the record normal', async () => {
    const odd = read({ x: 5_000, place: { city: 'Austin', state: 'MA' } })
    const { counterfactual } = await explainOne(detector, odd)
    expect(counterfactual!.changes.map(({ field }) => field).toSorted()).toEqual(['place.state', 'x'])
  })

  it('corrects an anomaly at a larger rate than that of the fit to a normal record at that rate (it had no correction)', async () => {
    const boston = Array.from({ length: 40 }, (_, at) => read({ x: 200 + at, place: { city: 'Boston', state: 'MA' } }))
    const { pValue, nll } = await detector.score(boston)
    const at = pValue.findIndex((p) => p > 0.02 && p <= 0.2)
    const [explanation] = await detector.explain([boston[at]!], [nll[at]!], [0.2])
    expect(explanation!.counterfactual).not.toBeNull()
    expect(detector.pValues(Float64Array.of(explanation!.counterfactual!.nll))[0]).toBeGreaterThan(0.2)
  })

  it('explains records of one batch, each by its own rate, as it explains each alone', async () => {
    const odd = [
      read({ x: 0, place: { city: 'Reno', state: 'NV' } }),
      read({ x: 0, place: { city: 'Austin', state: 'MA' } }),
      read({ x: 5_000, place: { city: 'Austin', state: 'MA' } }),
    ]
    const rates = [0.02, 0.9, 0.02]
    const alone: unknown[] = []
    for (const [at, fields] of odd.entries()) alone.push((await detector.explain([fields], undefined, [rates[at]!]))[0])
    expect(await detector.explain(odd, undefined, rates)).toEqual(alone)
    expect(await detector.explain(odd)).not.toEqual(alone)
  })

  it('scores unseen and missing values, and counts them', async () => {
    const scores = await detector.score([read({ x: null, place: { city: 'Paris', state: '' } })])
    expect(scores).toMatchObject({ unseenValues: 2, missingValues: 2 })
    expect(Number.isFinite(scores.nll[0])).toBe(true)
  })

  it('draws records with the input’s own fields, the same for the same seed', async () => {
    const records = await detector.sample(200, 7)
    expect(await detector.sample(200, 7)).toEqual(records)
    const { pValue } = await detector.score(records.map(read))
    expect(pValue.filter((p) => p > 0.02).length / 200).toBeGreaterThan(0.85)
  })
})

describe('a detector', () => {
  it('of one number is a density: it integrates to 1 in the record’s own unit', async () => {
    const { artefact } = await train(
      [number],
      makeRecords(600, 4).map(({ x }) => ({ x: x / 3 })),
      { maxSteps: 200 },
    )
    const detector = await openInTest(artefact)
    const step = 0.05
    const grid = Array.from({ length: 16_000 }, (_, k) => ({ x: -300 + k * step }))
    const { nll } = await detector.score(grid.map((record) => detector.read(record) as Fields))
    // p(c) is the probability of the flag `present`; the rest is that of `missing`.
    const mass = nll.reduce((sum, own) => sum + Math.exp(-own) * step, 0)
    expect(mass).toBeGreaterThan(0.97)
    expect(mass).toBeLessThan(1.01)
  }, 60_000)

  it('of numbers alone does not learn a cluster of anomalies in the training window', async () => {
    const { uniform } = seededDraws(8)
    const normal = () => uniform() + uniform() + uniform() - 1.5
    const cluster = () => ({ x: 3 + 0.1 * normal(), y: 3 + 0.1 * normal() })
    const records = Array.from({ length: 1200 }, (_, row) =>
      row % 16 === 0 ? cluster() : { x: normal(), y: normal() },
    )
    const { artefact } = await train([number, { path: '$.y', type: 'numeric', optional: false }], records)
    const detector = await openInTest(artefact)
    const nllOf = async (some: readonly unknown[]) =>
      (await detector.score(some.map((record) => detector.read(record) as Fields))).nll.sort()
    const normals = await nllOf(Array.from({ length: 200 }, () => ({ x: normal(), y: normal() })))
    const anomalies = await nllOf(Array.from({ length: 20 }, cluster))
    expect(anomalies[0]!).toBeGreaterThan(normals.at(-1)!)
  }, 60_000)

  it('of texts and windowed features fits its own samples, and names the one that has changed', async () => {
    const { uniform, normal } = seededDraws(11)
    const features: readonly Feature[] = [
      { path: '$.note', type: 'text', optional: false },
      { type: 'window', name: 'gap', aggregate: 'since_last', over: '1h' },
      number,
    ]
    const read = readerOf(features)
    const slot = columnsOf(features).find(({ feature }) => feature.type === 'window')!.at
    const draw = (count: number, { length = 10, gap = 60 } = {}) =>
      Array.from({ length: count }, (): Fields => {
        const fields = read({ note: 'a'.repeat(length + Math.floor(10 * uniform())), x: normal() })
        const own = gap + 10 * normal()
        return { ...fields, numbers: fields.numbers.map((value, at) => (at === slot ? own : value)) }
      })
    const { artefact } = await fit(features, draw(1200))
    const detector = await openInTest(artefact)
    const { pValue } = await detector.score(await detector.sampleFields(2_000, 3))
    const distances = pValue.toSorted().map((p, at) => Math.abs(p - (at + 1) / pValue.length))
    expect(Math.max(...distances)).toBeLessThan(0.3)
    for (const { nats } of detector.fieldShifts(draw(1000))) expect(nats).toBeLessThan(0.1)
    expect(detector.fieldShifts(draw(1000, { gap: 120 }))[0]).toMatchObject({ field: 'gap' })
    expect(detector.fieldShifts(draw(1000, { length: 40 }))[0]).toMatchObject({
      field: expect.stringContaining('note'),
    })
    // `models diff`
    const other = await fit(features, draw(1200, { gap: 120 }))
    expect((await divergenceOf(artefact, artefact))!.firstToSecond).toBe(0)
    expect((await divergenceOf(artefact, other.artefact))!.firstToSecond).toBeGreaterThan(3)
  }, 60_000)

  it.each([
    { name: 'on a log scale', scale: 'log', of: (z: number, share: number) => (share < 0.1 ? 0.01 : Math.exp(3 + z)) },
    { name: 'that is often missing', scale: 'linear', of: (z: number, share: number) => (share < 0.9 ? null : 3 * z) },
  ] as const)(
    'diverges from another by no less than 0 nats for a number $name, in whatever units both fits are (−0.22 and −0.74 nats)',
    async ({ scale, of }) => {
      const { uniform, normal } = seededDraws(5)
      const features: readonly Feature[] = [{ path: '$.y', type: 'numeric', scale, optional: true }, number]
      const fitAt = (isLater: boolean) => {
        const draw = () => {
          const [z, share] = [normal(), uniform()]
          const earlier = scale === 'log' ? Math.exp(3 + z) : of(z / 3, share)
          return readerOf(features)({ y: isLater ? of(z, share) : earlier, x: normal() })
        }
        return fit(features, Array.from({ length: 1_000 }, draw))
      }
      const divergence = await divergenceOf((await fitAt(false)).artefact, (await fitAt(true)).artefact)
      expect(divergence!.firstToSecond).toBeGreaterThan(-0.02)
      expect(divergence!.secondToFirst).toBeGreaterThan(-0.02)
    },
    60_000,
  )

  it('of categories alone needs no flow', async () => {
    const { artefact, metadata } = await train([city, state], makeRecords(300, 5))
    expect(metadata).toMatchObject({ dim: 0, training: { backend: 'none' } })
    const detector = await openInTest(artefact)
    const [usual, odd] = ['TX', 'NV'].map(
      (where) => detector.read({ place: { city: 'Dallas', state: where } }) as Fields,
    )
    const { nll } = await detector.score([usual!, odd!])
    expect(nll[1]! - nll[0]!).toBeGreaterThan(3)
    expect((await explainOne(detector, odd!)).reasons[0]!.text).toContain('never seen')
    expect(await detector.sample(3, 1)).toHaveLength(3)
  })

  it('can be trained on fifty records and a column that never varies', async () => {
    const records = makeRecords(50, 6).map((record) => ({ ...record, x: 4 }))
    const { artefact, metadata } = await train([number, city], records, { maxSteps: 200 })
    expect(metadata.calibration.rows).toBe(15)
    const detector = await openInTest(artefact)
    const scores = await detector.score([4, 400].map((x) => detector.read({ ...records[0], x }) as Fields))
    expect(scores.nll[1]!).toBeGreaterThan(scores.nll[0]!)
    const { reasons } = await explainOne(detector, detector.read({ ...records[0], x: 400 }) as Fields)
    expect(reasons[0]!.text).toBe('x 400 differs from the 4 of nearly all records')
  }, 60_000)

  it('cannot be trained on fewer than thirty records', async () => {
    await expect(train([number], makeRecords(29, 1))).rejects.toThrow(TooFewRecords)
  })
})
