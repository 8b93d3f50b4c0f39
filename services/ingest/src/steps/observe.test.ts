import { type EntityState, type Feature, featureSchema, type ModelMetadata } from '@outflow/contracts'
import { makeObservationReader, type Observation, planWindows, withWindowsOf } from '@outflow/records'
import { fieldsAt, packFields } from '@outflow/records/fields'
import { StoreUnavailable } from '@outflow/store'
import type { Delivery } from '@outflow/streams'
import { expect, test, vi } from 'vitest'
import type { ReadBatch } from '../batch.js'
import { aDelivery, aDetector, aLease, aReadBatch, recordsOf } from '../test-builders.js'
import { type ObserveOptions, observeWith } from './observe.js'

const FEATURES: readonly Feature[] = [
  { path: '$.delay', type: 'numeric', optional: false },
  featureSchema.parse({ type: 'window', name: 'total', aggregate: 'sum', of: '$.delay', over: '1h' }),
]
const read = makeObservationReader(planWindows(FEATURES)!)

/** A batch of one partition with records of the entity LAX; of the delivery only the offsets matter. */
function aBatch(delays: readonly number[], expectedOffset: bigint, nextOffset: bigint, features = FEATURES): ReadBatch {
  const detector = aDetector({ metadata: { features } as unknown as ModelMetadata })
  const batch = aReadBatch(delays, { model: aLease(detector) })
  return {
    ...batch,
    delivery: aDelivery([...batch.delivery.records], { expectedOffset, nextOffset }),
    observations: recordsOf(batch).map(({ source }, index) => {
      const observation = read({ delay: delays[index] }, source)
      if ('reason' in observation) throw new Error(observation.detail)
      return observation
    }),
    fields: packFields(delays.map((delay) => ({ numbers: [delay, Number.NaN], categories: [] }))),
  }
}

/** A store that keeps written states. */
function observing(overrides: Partial<ObserveOptions> = {}) {
  let stored: readonly EntityState[] = []
  const load = vi.fn(async (_at: Delivery, _entities: unknown) => stored)
  const telemetry = { windowStatesAwaited: vi.fn(), windowStatesUsed: vi.fn() }
  const observer = observeWith({
    features: FEATURES,
    load,
    telemetry,
    signal: new AbortController().signal,
    ...overrides,
  })
  const totals = async (batch: ReadBatch, write = true) => {
    const observed = await observer.observe(batch)
    if (write) stored = observed.windowStates!
    return observed.observations.map((_, index) => fieldsAt(observed.fields, index).numbers[1])
  }
  return { observer, totals, load, telemetry }
}

test('without windowed features in the configuration and the model nothing is loaded or stored', async () => {
  const { observer, load } = observing({ features: [FEATURES[0]!] })
  const batch = aBatch([5], 0n, 1n, [FEATURES[0]!])
  expect(await observer.observe(batch)).toBe(batch)
  expect(load).not.toHaveBeenCalled()
})

test('windowed features continue from batch to batch, and only entities that are not in memory are loaded', async () => {
  const { totals, load } = observing()
  expect(await totals(aBatch([1, 2], 0n, 2n))).toEqual([1, 3])
  expect(await totals(aBatch([4], 2n, 3n))).toEqual([7])
  expect(load).toHaveBeenCalledTimes(1)
})

test('states of a batch that was not written are dropped, and reloaded from the store', async () => {
  const { observer, totals, load } = observing()
  await totals(aBatch([1, 2], 0n, 2n))
  expect(await totals(aBatch([4], 2n, 3n), false)).toEqual([7])
  observer.sought([{ topic: 'flights', partition: 0 }])
  expect(await totals(aBatch([4, 8], 2n, 4n))).toEqual([7, 15])
  expect(load).toHaveBeenCalledTimes(2)
})

test('a delivery that does not continue at the offset of memory loads states from the store', async () => {
  const { totals } = observing()
  await totals(aBatch([1, 2], 0n, 2n))
  await totals(aBatch([100], 2n, 3n), false)
  expect(await totals(aBatch([4], 2n, 3n))).toEqual([7])
})

test('issue 17.20: records observed before a record that throws count once when the batch is halved', async () => {
  const { observer, totals } = observing()
  await totals(aBatch([1, 2], 0n, 2n))
  const batch = aBatch([4, 8, 16], 2n, 5n)
  const observations = batch.observations.with(1, { entities: ['LAX'], times: [], values: [] })
  await expect(observer.observe({ ...batch, observations })).rejects.toThrow(TypeError)
  expect(await totals(aBatch([4], 2n, 3n))).toEqual([7])
  expect(await totals(aBatch([16], 4n, 5n))).toEqual([23])
})

test('a partition that is assigned again loads states from the store, because another instance had it', async () => {
  const { observer, totals, load } = observing()
  await totals(aBatch([1], 0n, 1n))
  observer.assigned([{ topic: 'flights', partition: 1 }])
  expect(await totals(aBatch([2], 1n, 2n))).toEqual([3])
  expect(load).toHaveBeenCalledTimes(2)
})

test('the batch waits while the store is not available', async () => {
  const load = vi.fn<ObserveOptions['load']>().mockRejectedValueOnce(new StoreUnavailable('away')).mockResolvedValue([])
  const { totals, telemetry } = observing({ load })
  expect(await totals(aBatch([5], 7n, 8n))).toEqual([5])
  expect(telemetry.windowStatesAwaited).toHaveBeenCalledTimes(1)
})

test('windowed features of the model continue after others replaced them in the configuration (they were missing: most records were anomalies)', async () => {
  const { windowStates } = await observing().observer.observe(aBatch([1, 2], 0n, 2n))
  const twoHours = featureSchema.parse({ type: 'window', name: 'total', aggregate: 'sum', of: '$.delay', over: '2h' })
  for (const features of [[FEATURES[0]!], [FEATURES[0]!, twoHours]]) {
    const { totals } = observing({ features, load: async () => windowStates! })
    const batch = aBatch([4], 2n, 3n)
    const readAll = makeObservationReader(planWindows(withWindowsOf(FEATURES, features))!)
    const observations = recordsOf(batch).map(({ source }) => readAll({ delay: 4 }, source) as Observation)
    expect(await totals({ ...batch, observations })).toEqual([7])
  }
})

test('memory is bounded for all assigned partitions together: each has an equal share, and dropped entities are loaded again', async () => {
  const state = 1_000
  const loadsWith = async (assigned: number) => {
    const { observer, totals, load } = observing({ maxBytes: 4 * state })
    observer.assigned(Array.from({ length: assigned }, (_, partition) => ({ topic: 'flights', partition })))
    await totals(aBatch([1], 0n, 1n))
    expect(await totals(aBatch([2], 1n, 2n))).toEqual([3])
    return load.mock.calls.length
  }
  expect(await loadsWith(4)).toBe(1)
  expect(await loadsWith(40)).toBe(2)
})
