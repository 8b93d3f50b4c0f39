import { type Feature, featureSchema } from '@outflow/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeObservationReader, type Observation } from './observation.js'
import { planWindows } from './plan.js'
import { makeWindowStates, type WindowStates } from './window-states.js'

const AGGREGATES = ['count', 'sum', 'mean', 'std', 'min', 'max', 'ratio_to_mean', 'since_last', 'distinct'] as const
type Aggregate = (typeof AGGREGATES)[number]

function aWindow(aggregate: Aggregate, over = '1h'): Feature {
  const of = aggregate === 'count' || aggregate === 'since_last' ? {} : { of: '$.amount' }
  return featureSchema.parse({ type: 'window', name: `${aggregate}_${over}`, aggregate, over, by: '$.account', ...of })
}

const FEATURES = AGGREGATES.map((aggregate) => aWindow(aggregate))
const PLAN = planWindows(FEATURES)!
const read = makeObservationReader(PLAN)
const MINUTE = 60_000

interface Event {
  readonly account: string
  readonly atMs: number
  /** null is missing */
  readonly amount: number | null
}

function observationOf({ account, atMs, amount }: Event): Observation {
  const observation = read({ account, amount }, { key: null, timestampMs: atMs })
  if ('reason' in observation) throw new Error(observation.detail)
  return observation
}

const roomy = () => makeWindowStates(PLAN, { maxBytes: 1e9 })
const run = (states: WindowStates, events: readonly Event[]) =>
  events.map((event) => states.observe(observationOf(event)))

/** Mostly in order; some are late by minutes, some by hours; with ties and gaps. */
const anEvents = fc
  .array(
    fc.record({
      account: fc.constantFrom('a', 'b'),
      step: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 * MINUTE }) },
        { weight: 2, arbitrary: fc.integer({ min: -50 * MINUTE, max: 0 }) },
        { weight: 1, arbitrary: fc.integer({ min: -200 * MINUTE, max: 200 * MINUTE }) },
      ),
      amount: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(1, 2.5, -7, 1_000, 0) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let atMs = Date.UTC(2026, 0, 1)
    return steps.map(({ account, step, amount }): Event => {
      atMs += step
      return { account, atMs, amount }
    })
  })

/** The same features by definition, from all earlier records of each entity. */
function naively(events: readonly Event[]): Record<Aggregate, number>[] {
  const past = new Map<string, { counted: Event[]; head: number; lastMs: number; late: number }>()
  const bucketOf = (atMs: number) => Math.floor(atMs / MINUTE)
  return events.map((event) => {
    const { account, atMs, amount } = event
    const own = past.get(account) ?? { counted: [], head: Number.NEGATIVE_INFINITY, lastMs: Number.NaN, late: 0 }
    past.set(account, own)
    const bucket = bucketOf(atMs)
    if (bucket <= own.head - 60) {
      own.late += 1
      if (own.late < 10) return Object.fromEntries(AGGREGATES.map((name) => [name, Number.NaN])) as never
      Object.assign(own, { counted: [], head: Number.NEGATIVE_INFINITY, lastMs: Number.NaN })
    }
    own.late = 0
    own.head = Math.max(own.head, bucket)
    const oldest = Math.max(bucket, own.head) - 59
    const within = own.counted.filter((other) => bucketOf(other.atMs) >= oldest && bucketOf(other.atMs) <= bucket)
    const numbers = within.flatMap((other) => other.amount ?? [])
    const total = numbers.reduce((sum, x) => sum + x, 0)
    const mean = total / numbers.length
    const since = Math.max(0, atMs - own.lastMs) / 1_000
    own.lastMs = Number.isNaN(own.lastMs) ? atMs : Math.max(own.lastMs, atMs)
    own.counted.push(event)
    const seen = own.counted.filter((other) => other.amount !== null && bucketOf(other.atMs) >= bucket - 59)
    return {
      count: within.length + 1,
      sum: total + (amount ?? 0),
      mean,
      std: numbers.length < 2 ? Number.NaN : deviation(numbers, mean),
      min: numbers.length === 0 ? Number.NaN : Math.min(...numbers),
      max: numbers.length === 0 ? Number.NaN : Math.max(...numbers),
      ratio_to_mean: amount === null || Math.abs(mean) < 1e-9 ? Number.NaN : amount / mean,
      since_last: since < 3_600 ? since : Number.NaN,
      distinct: new Set(seen.filter((other) => bucketOf(other.atMs) >= oldest).map((other) => other.amount)).size,
    }
  })
}

function deviation(numbers: readonly number[], mean: number): number {
  return Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (numbers.length - 1))
}

test('every feature equals a recount of all earlier records, including late records and missing amounts', () => {
  fc.assert(
    fc.property(anEvents, (events) => {
      const expected = naively(events)
      run(roomy(), events).forEach((features, index) => {
        AGGREGATES.forEach((aggregate, place) => {
          const [found, due] = [features[place]!, expected[index]![aggregate]]
          // A mean that is 0 except for rounding depends on the order of addition.
          if (aggregate === 'ratio_to_mean' && Math.abs(expected[index]!.mean) < 1e-9) return
          if (Number.isNaN(due)) expect(found, `${aggregate} of record ${index}`).toBeNaN()
          else expect(found, `${aggregate} of record ${index}`).toBeCloseTo(due, 6)
        })
      })
    }),
    { numRuns: 300 },
  )
})

/** A view at an odd offset into a larger buffer, as from the network. */
const asPostgresGives = (state: Uint8Array) => Buffer.concat([Buffer.of(7, 7, 7), state, Buffer.of(7)]).subarray(3, -1)

test('storing, dropping and reloading states does not change any feature', () => {
  fc.assert(
    fc.property(anEvents, fc.integer({ min: 1, max: 9 }), fc.boolean(), (events, every, anew) => {
      const store = new Map<string, Uint8Array>()
      let states = roomy()
      const features: number[][] = []
      for (let from = 0; from < events.length; from += every) {
        if (anew) states = makeWindowStates(PLAN, { maxBytes: 0 }) // as after a crash
        const batch = events.slice(from, from + every).map(observationOf)
        states.put(
          states.absent(batch).flatMap((name) => {
            const state = store.get(name.entity)
            return state === undefined ? [] : [{ ...name, state }]
          }),
        )
        features.push(...batch.map((observation) => states.observe(observation)))
        for (const { entity, state } of states.changed()) store.set(entity, asPostgresGives(state))
        states.settle()
      }
      expect(features).toEqual(run(roomy(), events))
    }),
    { numRuns: 300 },
  )
})

test('features count only records of the same entity, and a record without an entity has none', () => {
  const states = roomy()
  run(states, [{ account: 'a', atMs: 0, amount: 5 }])
  const [other] = run(states, [{ account: 'b', atMs: 1, amount: 7 }])
  expect(other).toEqual([1, 7, NaN, NaN, NaN, NaN, NaN, NaN, 1])
  const none = read({ account: null, amount: 7 }, { key: null, timestampMs: 2 })
  expect(states.observe(none as Observation)).toEqual(AGGREGATES.map(() => NaN))
  expect(states.absent([none as Observation])).toEqual([])
})

test('one record from the far future does not delete the state of its entity', () => {
  const now = Date.UTC(2026, 0, 1)
  const states = roomy()
  const at = (atMs: number): Event => ({ account: 'a', atMs, amount: 1 })
  run(states, [at(now), at(Date.UTC(9999, 0, 1))])
  const counts = run(
    states,
    Array.from({ length: 12 }, (_, index) => at(now + index)),
  ).map(([count]) => count)
  expect(counts).toEqual([...Array(9).fill(NaN), 1, 2, 3])
  expect(states.settle().late).toBe(9)
})

test('more than 256 distinct values count as 256', () => {
  const states = roomy()
  const events = Array.from({ length: 300 }, (_, index) => ({ account: 'a', atMs: index, amount: index }))
  const distinct = run(states, events).map((features) => features[8])
  expect(distinct[255]).toBe(256)
  expect(distinct[299]).toBe(256)
})

test('memory stays within its limit, and the most recently seen entities are kept', () => {
  const states = makeWindowStates(PLAN, { maxBytes: 100_000 })
  for (let index = 0; index < 5_000; index += 1) {
    run(states, [{ account: `account ${index}`, atMs: index, amount: 1 }])
    states.settle()
  }
  const names = Array.from(states.entities(), ({ entity }) => entity)
  expect(names.length).toBeLessThan(150)
  expect(names.at(-1)).toBe('account 4999')
})

test('issue 17: the least recently seen entities are dropped, not those first seen', () => {
  const states = makeWindowStates(PLAN, { maxBytes: 100_000 })
  for (let index = 0; index < 1_000; index += 1) {
    const [features] = run(states, [
      { account: 'regular', atMs: index, amount: 1 },
      { account: `account ${index}`, atMs: index, amount: 1 },
    ])
    expect(features![0], 'records of the regular account').toBe(index + 1)
    states.settle()
  }
  expect(Array.from(states.entities(), ({ entity }) => entity)).not.toContain('account 0')
})

test('the least recently seen entities are dropped, also where windows have different entities', () => {
  const plan = planWindows([{ ...aWindow('count'), by: '$.country' } as Feature, aWindow('count')])!
  const readBoth = makeObservationReader(plan)
  const states = makeWindowStates(plan, { maxBytes: 100_000 })
  for (let index = 0; index < 1_000; index += 1) {
    const record = { country: 'NL', account: `account ${index}` }
    const [ofCountry] = states.observe(readBoth(record, { key: null, timestampMs: index }) as Observation)
    expect(ofCountry, 'records of the country').toBe(index + 1)
    states.settle()
  }
  expect(Array.from(states.entities())).not.toContainEqual({ by: '$.account', entity: 'account 0' })
})

test('features that need the same state share it', () => {
  const plan = planWindows([
    aWindow('mean'),
    aWindow('sum'),
    aWindow('mean', '7d'),
    aWindow('count'),
    aWindow('since_last'),
  ])!
  expect(plan.groups).toHaveLength(1)
  expect(plan.groups[0]!.series.map(({ measures }) => measures.map(({ place }) => place))).toEqual([
    [0, 1],
    [2],
    [3, 4],
  ])
  expect(planWindows([])).toBeNull()
})

test('a window added to the configuration starts empty; the others are kept', () => {
  const before = makeWindowStates(planWindows([aWindow('count')])!, { maxBytes: 1e9 })
  const event = { account: 'a', atMs: 0, amount: 5 }
  before.observe(
    makeObservationReader(planWindows([aWindow('count')])!)(event, { key: null, timestampMs: 0 }) as Observation,
  )
  const after = roomy()
  after.put(before.changed())
  const [features] = run(after, [event])
  expect(features![0]).toBe(2)
  expect(features![2]).toBeNaN()
})

test('a record whose amount is not a number, or without an event time, breaks its contract', () => {
  const timed = makeObservationReader(planWindows([{ ...aWindow('sum'), at: '$.date' } as Feature])!)
  const message = { key: null, timestampMs: 0 }
  expect(timed({ account: 'a', amount: 'much', date: 0 }, message)).toMatchObject({ reason: 'wrong_type' })
  expect(timed({ account: 'a', amount: 1, date: 'soon' }, message)).toMatchObject({ reason: 'bad_timestamp' })
  expect(timed({ account: 'a', amount: 1 }, message)).toMatchObject({ reason: 'bad_timestamp' })
})

test('without `by` the message key is the entity; a name too long for an index is kept by its hash', () => {
  const { by: _by, ...keyed } = aWindow('count') as Extract<Feature, { type: 'window' }>
  const readKeyed = makeObservationReader(planWindows([keyed])!)
  const entity = (key: Buffer | null) => (readKeyed({}, { key, timestampMs: 0 }) as Observation).entities
  expect(entity(Buffer.from('depot-1'))).toEqual(['depot-1'])
  expect(entity(null)).toEqual([null])
  expect(entity(Buffer.alloc(5_000, 'x'))).toEqual([expect.stringMatching(/^x{100}…sha256:[0-9a-f]{64}$/)])
})

test('by partition all records are one entity, with and without a message key', () => {
  const readAll = makeObservationReader(planWindows([{ ...aWindow('count'), by: 'partition' } as Feature])!)
  const entity = (key: Buffer | null) => (readAll({}, { key, timestampMs: 0 }) as Observation).entities
  expect(entity(null)).toEqual(entity(Buffer.from('depot-1')))
  expect(entity(null)).not.toEqual([null])
})

test('a window over a partition is missing until it was seen whole, also after a reload; one over an entity is not', () => {
  const windowsBy = (by: string) => AGGREGATES.map((name): Feature => ({ ...aWindow(name), by }) as Feature)
  const events = [0, 20, 40, 58, 59, 61].map((minute) => ({ account: 'a', atMs: minute * MINUTE, amount: minute }))
  const featuresBy = (by: string) => {
    const plan = planWindows(windowsBy(by))!
    const readBy = makeObservationReader(plan)
    let states = makeWindowStates(plan, { maxBytes: 1e9 })
    return events.map(({ atMs, ...record }) => {
      const features = states.observe(readBy(record, { key: null, timestampMs: atMs }) as Observation)
      const reloaded = makeWindowStates(plan, { maxBytes: 1e9 })
      reloaded.put(states.changed())
      states = reloaded
      return features
    })
  }
  const ofEntity = featuresBy('$.account')
  const expected = ofEntity.map((features, at) =>
    features.map((value, place) => (at >= 4 || AGGREGATES[place] === 'since_last' ? value : Number.NaN)),
  )
  expect(featuresBy('partition')).toEqual(expected)
  expect(ofEntity[3]!.every((value) => !Number.isNaN(value))).toBe(true)
})
