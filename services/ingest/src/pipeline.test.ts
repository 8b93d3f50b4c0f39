import { packFields } from '@outflow/records/fields'
import { PositionMoved, StoreRefused } from '@outflow/store'
import type { BatchWrite } from '@outflow/store/batch'
import fc from 'fast-check'
import { concatMap, delay, from, lastValueFrom, of, tap, throwError, toArray } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expect, test, vi } from 'vitest'
import type { ComparedBatch, DecidedBatch, PreparedBatch, ReadBatch, ScoredBatch } from './batch.js'
import { type IngestSteps, type IngestWatch, ingest as ingestWatched } from './pipeline.js'
import { aDecoder, aDelivery, aDetector, aKafkaRecord, aLease, aReader, recordsOf } from './test-builders.js'
import { aReadStep, stepsInMemory, writeInMemory } from './test-steps.js'

const unwatched = (): IngestWatch => ({ begun: () => {}, ended: () => {}, superseded: vi.fn(), recordFailed: vi.fn() })
const ingest = (steps: IngestSteps, watch = unwatched()) => ingestWatched(steps, watch)

const decoder = aDecoder(200)
/** Compiled once: a reader has some MiB of memory for WebAssembly. */
const reader = aReader(aDetector(), decoder)

function realSteps(writes: BatchWrite[] = [], outcome: 'written' | 'superseded' = 'written'): IngestSteps {
  const steps = stepsInMemory(writes, { decoder, borrowModel: () => aLease(), readerFor: () => reader })
  return outcome === 'written' ? steps : { ...steps, write: writeInMemory(writes, { writeBatch: async () => outcome }) }
}

/** Steps without results that take the time that a test sets for each effect, on the virtual clock of the marble test. */
function timedSteps({ scoreMs = 0, writeMs = 0 }: { scoreMs?: number; writeMs?: number }): IngestSteps {
  const through = <T>(batch: unknown) => batch as T
  return {
    prepare: (delivery) =>
      of(through<PreparedBatch>({ delivery, records: [], model: { giveBack: () => {} }, fields: packFields([]) })),
    read: through<ReadBatch>,
    observe: (batch) => of(batch),
    score: (batch) => of(through<ScoredBatch>(batch)).pipe(delay(scoreMs)),
    decide: (batch) => of(through<DecidedBatch>(batch)),
    compare: (batch) => of(batch),
    write: (batch) => of(batch).pipe(delay(writeMs)),
  }
}

const marbles = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
const offsetOf = ({ delivery }: ComparedBatch) => `${delivery.partition}@${delivery.records.at(0)?.offset}`
const one = (partition: number, offset: number) => aDelivery([aKafkaRecord(offset, { delay: 1 })], { partition })

test('deliveries of a partition are written one after the other, in their order', () => {
  marbles().run(({ cold, expectObservable }) => {
    const deliveries$ = cold('abc', { a: one(0, 1), b: one(0, 2), c: one(0, 3) })
    const written$ = deliveries$.pipe(
      ingest(timedSteps({ scoreMs: 2, writeMs: 3 })),
      concatMap((w) => [offsetOf(w)]),
    )
    expectObservable(written$).toBe('-----a----b----c', { a: '0@1', b: '0@2', c: '0@3' })
  })
})

test('partitions do not wait for one another', () => {
  marbles().run(({ cold, expectObservable }) => {
    const deliveries$ = cold('ab', { a: one(0, 1), b: one(1, 1) })
    const written$ = deliveries$.pipe(
      ingest(timedSteps({ scoreMs: 2, writeMs: 3 })),
      concatMap((w) => [offsetOf(w)]),
    )
    expectObservable(written$).toBe('-----ab', { a: '0@1', b: '1@1' })
  })
})

test('a delivery is acknowledged last, after it is written', async () => {
  const order: string[] = []
  const steps = realSteps()
  const delivery = aDelivery([aKafkaRecord(0, { delay: 9 })], { acknowledge: () => order.push('acknowledged') })
  const write: IngestSteps['write'] = (batch) => from(steps.write(batch)).pipe(tap(() => order.push('written')))
  await lastValueFrom(of(delivery).pipe(ingest({ ...steps, write })))
  expect(order).toEqual(['written', 'acknowledged'])
})

test('a batch that another instance has written is read again, not acknowledged', async () => {
  const delivery = aDelivery([aKafkaRecord(0, { delay: 9 })])
  const watch = unwatched()
  await lastValueFrom(of(delivery).pipe(ingest(realSteps([], 'superseded'), watch)), { defaultValue: null })
  expect(delivery.ended).toEqual([{ by: 'reposition' }])
  expect(watch.superseded).toHaveBeenCalledTimes(1)
})

test('issue 23: a delivery is read again if the stored offset has changed when its state is read', async () => {
  const delivery = aDelivery([aKafkaRecord(0, { delay: 9 })])
  const writes: BatchWrite[] = []
  const watch = unwatched()
  const decide = () => throwError(() => new PositionMoved(delivery, 0n))
  await lastValueFrom(of(delivery).pipe(ingest({ ...realSteps(writes), decide }, watch)), { defaultValue: null })
  expect(delivery.ended).toEqual([{ by: 'reposition' }])
  expect(writes).toEqual([])
  expect(watch.superseded).toHaveBeenCalledWith(delivery)
})

test.each(['prepare', 'read', 'observe', 'score', 'decide', 'compare', 'write'] as const)(
  'issue 17.12: an error of the infrastructure in %s fails the delivery, and the model lease is returned',
  async (step) => {
    const delivery = aDelivery([aKafkaRecord(0, { delay: 9 }), aKafkaRecord(1, { delay: 1 })])
    const error = new StoreRefused('no such table')
    const broken = () => {
      throw error
    }
    const lease = aLease()
    const steps = realSteps()
    const read = aReadStep({ borrowModel: () => lease })
    await lastValueFrom(of(delivery).pipe(ingest({ ...steps, read, [step]: broken })), { defaultValue: null })
    expect(delivery.ended).toEqual([{ by: 'fail', error }])
    expect(lease.giveBack).toHaveBeenCalledTimes(step === 'prepare' || step === 'read' ? 0 : 1)
  },
)

test('issue 17.12: the model lease is returned when its reader cannot be made', async () => {
  const delivery = aDelivery([aKafkaRecord(0, { delay: 9 })])
  const lease = aLease()
  const readerFor = () => {
    throw new StoreRefused('no reader')
  }
  const read = aReadStep({ borrowModel: () => lease, readerFor })
  await lastValueFrom(of(delivery).pipe(ingest({ ...realSteps(), read })), { defaultValue: null })
  expect(lease.giveBack).toHaveBeenCalledTimes(1)
})

test('the model lease is returned and the memory of the fields is freed when a batch has ended', async () => {
  const lease = aLease()
  const read = aReadStep({ borrowModel: () => lease })
  const { fields } = await lastValueFrom(of(one(0, 0)).pipe(ingest({ ...realSteps(), read })))
  expect(lease.giveBack).toHaveBeenCalledTimes(1)
  const canFree = 'transfer' in ArrayBuffer.prototype // not on Node 20
  expect(fields.numbers).toHaveLength(canFree ? 0 : 1)
})

const POISONED_STEPS = ['read', 'observe', 'score', 'decide', 'compare', 'write'] as const
type PoisonedStep = (typeof POISONED_STEPS)[number]

/** Real steps with a store that compares and sets its offset; a poison record throws in the step that it names. */
function poisonedSteps(poison: ReadonlyMap<bigint, PoisonedStep>) {
  const store = { offset: 0n, received: 0, scored: 0, deadLetters: [] as [bigint, string][] }
  const anomalies: bigint[] = []
  const leases = { lent: 0, returned: 0 }
  const steps = realSteps()
  const throwing =
    <Batch extends ReadBatch, Result>(step: PoisonedStep, run: (batch: Batch) => Result) =>
    (batch: Batch): Result => {
      const bad = recordsOf(batch).find(({ source }) => poison.get(source.offset) === step)
      if (bad !== undefined) throw new TypeError(`${step} of ${bad.source.offset}`)
      return run(batch)
    }
  const writeBatch = async (write: BatchWrite) => {
    if (write.expectedOffset !== store.offset) return 'superseded' as const
    store.offset = write.nextOffset
    store.received += write.received
    store.scored += write.scored
    for (const { offset, reason } of write.deadLetters) store.deadLetters.push([offset, reason])
    anomalies.push(...write.anomalies.map(({ offset }) => offset))
    return 'written' as const
  }
  const write = writeInMemory([], { writeBatch })
  const poisoned: IngestSteps = {
    prepare: steps.prepare,
    read: aReadStep({
      borrowModel: () => {
        leases.lent += 1
        const giveBack = () => {
          leases.returned += 1
        }
        return { ...aLease(), giveBack }
      },
      readerFor: () => ({
        ...reader,
        read: (source, rows) => {
          if (poison.get(source.offset) === 'read') throw new TypeError('read')
          return reader.read(source, rows)
        },
      }),
    }),
    observe: throwing('observe', steps.observe),
    score: throwing('score', steps.score),
    decide: throwing('decide', steps.decide),
    compare: throwing('compare', steps.compare),
    write: throwing('write', write),
  }
  return { steps: poisoned, store, anomalies, leases }
}

test('issue 17.20: a record that throws in any step becomes a dead letter, and every other record counts once', async () => {
  const poisonOf = fc.option(fc.constantFrom(...POISONED_STEPS), { freq: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(poisonOf, { minLength: 1, maxLength: 40 }), async (kinds) => {
      const records = kinds.map((_, at) => aKafkaRecord(2 * at, { delay: at % 3 === 0 ? 19 : 1 }))
      const poison = new Map(kinds.flatMap((kind, at) => (kind === null ? [] : [[BigInt(2 * at), kind] as const])))
      const { steps, store, anomalies, leases } = poisonedSteps(poison)
      const delivery = aDelivery(records, { nextOffset: BigInt(2 * kinds.length) })
      const batches = await lastValueFrom(of(delivery).pipe(ingest(steps), toArray()))

      expect(delivery.ended).toEqual([{ by: 'acknowledge' }])
      expect(store.offset).toBe(delivery.nextOffset)
      expect(store.received).toBe(records.length)
      expect(store.scored).toBe(records.length - poison.size)
      expect(store.deadLetters).toEqual([...poison.keys()].map((offset) => [offset, 'failed']))
      const odd = records.filter((_, at) => at % 3 === 0).map(({ offset }) => offset)
      expect(anomalies).toEqual(odd.filter((offset) => !poison.has(offset)))
      expect(batches.flatMap((batch) => recordsOf(batch).map(({ source }) => source.offset))).toHaveLength(store.scored)
      expect(leases.returned).toBe(leases.lent)
    }),
    { numRuns: 200 },
  )
})

test('issue 17.20: the delivery fails after a hundred consecutive failed records, because the records are not the cause', async () => {
  const records = Array.from({ length: 300 }, (_, at) => aKafkaRecord(at, { delay: 1 }))
  const poison = new Map(records.map(({ offset }) => [offset, 'score' as const]))
  const { steps, store } = poisonedSteps(poison)
  const delivery = aDelivery(records)
  const watch = unwatched()
  await lastValueFrom(of(delivery).pipe(ingest(steps, watch)), { defaultValue: null })
  expect(delivery.ended).toMatchObject([{ by: 'fail', error: { message: 'score of 100' } }])
  expect(store.deadLetters).toHaveLength(100)
  expect(watch.recordFailed).toHaveBeenCalledTimes(100)
})

test('failed records between scored ones never end the stream, however many they are', async () => {
  const offsets = Array.from({ length: 101 }, (_, at) => 2 * at)
  const { steps, store } = poisonedSteps(new Map(offsets.map((offset) => [BigInt(offset), 'score'])))
  const deliveries = offsets.map((offset) =>
    aDelivery([offset, offset + 1].map((own) => aKafkaRecord(own, { delay: 1 }))),
  )
  await lastValueFrom(from(deliveries).pipe(ingest(steps, unwatched())))
  expect(deliveries.flatMap(({ ended }) => ended.map(({ by }) => by))).toEqual(offsets.map(() => 'acknowledge'))
  expect(store).toMatchObject({ received: 202, scored: 101 })
})

test('an error of a delivery without records fails it with that error', async () => {
  const delivery = aDelivery([], { nextOffset: 1n })
  const error = new TypeError('no minutes')
  const write = () => {
    throw error
  }
  await lastValueFrom(of(delivery).pipe(ingest({ ...realSteps(), write })), { defaultValue: null })
  expect(delivery.ended).toEqual([{ by: 'fail', error }])
})
