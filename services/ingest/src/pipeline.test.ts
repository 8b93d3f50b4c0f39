import type { BatchWrite } from '@outflow/store'
import type { Delivery } from '@outflow/streams'
import fc from 'fast-check'
import { concatMap, delay, from, lastValueFrom, Observable, of, tap, toArray } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expect, test, vi } from 'vitest'
import type {
  CleanBatch,
  ExplainedBatch,
  JudgedBatch,
  PreparedBatch,
  ReadBatch,
  ScoredBatch,
  WrittenBatch,
} from './batch.js'
import { type IngestSteps, ingest } from './pipeline.js'
import { wholeRecord } from './record-reader.js'
import { explainWith } from './steps/explain.js'
import { judgeAt } from './steps/judge.js'
import { prepareWith } from './steps/prepare.js'
import { readWith } from './steps/read.js'
import { score } from './steps/score.js'
import { setAsideTo } from './steps/set-aside.js'
import { writeWith } from './steps/write.js'
import { aDecoder, aDelivery, aKafkaRecord, aLease, aReader, type TestDelivery } from './test-builders.js'

function realSteps(writes: BatchWrite[] = [], outcome: 'written' | 'superseded' = 'written') {
  const telemetry = {
    explanationsShortened: vi.fn(),
    explanationsSkipped: vi.fn(),
    explanationFailed: vi.fn(),
    writeRetried: vi.fn(),
    schemaFetchRetried: vi.fn(),
  }
  return {
    prepare: prepareWith({ decoder: aDecoder(200), telemetry, signal: new AbortController().signal }),
    read: readWith({ borrowModel: () => aLease(), readerFor: (detector) => aReader(detector, aDecoder(200)) }),
    setAside: setAsideTo({ topic: 'flights.dead' }),
    observe: (batch) => of(batch),
    score,
    judge: judgeAt({ alertRate: 0.01 }),
    compare: (batch) => of(batch),
    explain: explainWith({ recordOf: wholeRecord(aDecoder(200)), telemetry }),
    write: writeWith({
      pipeline: 'flights',
      alertsTopic: 'flights.alerts',
      writeBatch: async (write) => {
        writes.push(write)
        return outcome
      },
      telemetry,
      signal: new AbortController().signal,
    }),
  } satisfies IngestSteps
}

/** Steps that do nothing but take the time that a test gives to each effect, on the marbles' clock. */
function timedSteps({ scoreMs = 0, writeMs = 0 }: { scoreMs?: number; writeMs?: number }): IngestSteps {
  const through = <T>(batch: unknown) => batch as T
  return {
    prepare: (delivery) => of(through<PreparedBatch>({ delivery, model: { giveBack: () => {} }, outcome: 'written' })),
    read: through<ReadBatch>,
    setAside: through<CleanBatch>,
    observe: (batch) => of(batch),
    score: (batch) => of(through<ScoredBatch>(batch)).pipe(delay(scoreMs)),
    judge: (batch) => of(through<JudgedBatch>(batch)),
    compare: (batch) => of(batch),
    explain: (batch) => of(through<ExplainedBatch>(batch)),
    write: (batch) => of(through<WrittenBatch>(batch)).pipe(delay(writeMs)),
  }
}

const marbles = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
const offsetOf = ({ delivery }: WrittenBatch) => `${delivery.partition}@${delivery.records[0]?.offset}`
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

test('a delivery is acknowledged last, once it is written', async () => {
  const order: string[] = []
  const steps = realSteps()
  const delivery = aDelivery([aKafkaRecord(0, { delay: 9 })], { acknowledge: () => order.push('acknowledged') })
  const write: IngestSteps['write'] = (batch) => from(steps.write(batch)).pipe(tap(() => order.push('written')))
  await lastValueFrom(of(delivery).pipe(ingest({ ...steps, write })))
  expect(order).toEqual(['written', 'acknowledged'])
})

test('a batch that another instance has written is read again, not acknowledged', async () => {
  const delivery = aDelivery([aKafkaRecord(0, { delay: 9 })])
  await lastValueFrom(of(delivery).pipe(ingest(realSteps([], 'superseded'))))
  expect(delivery.ended).toEqual([{ by: 'reposition' }])
})

test.each(['prepare', 'read', 'setAside', 'score', 'judge', 'explain', 'write'] as const)(
  'an error in %s fails the delivery, and nothing is acknowledged',
  async (step) => {
    const delivery = aDelivery([aKafkaRecord(0, { delay: 9 })])
    const broken = () => {
      throw new Error('broken')
    }
    await lastValueFrom(of(delivery).pipe(ingest({ ...realSteps(), [step]: broken })), { defaultValue: null })
    expect(delivery.ended).toEqual([{ by: 'fail', error: new Error('broken') }])
  },
)

test('the model is given back when its batch has ended', async () => {
  const lease = aLease()
  const read = readWith({ borrowModel: () => lease, readerFor: aReader })
  await lastValueFrom(of(one(0, 0)).pipe(ingest({ ...realSteps(), read })))
  expect(lease.giveBack).toHaveBeenCalledTimes(1)
})

test('nothing is asked of the source beyond what it gives: back-pressure is the acknowledgement', async () => {
  const waiting: TestDelivery[] = [one(0, 0), one(0, 1), one(0, 2)]
  let inFlight = 0
  const source$ = new Observable<Delivery>((subscriber) => {
    const next = (): void => {
      const delivery = waiting.shift()
      if (delivery === undefined) {
        subscriber.complete()
        return
      }
      inFlight += 1
      expect(inFlight).toBe(1)
      subscriber.next({
        ...delivery,
        acknowledge: () => {
          inFlight -= 1
          next()
        },
      })
    }
    next()
  })
  const written = await lastValueFrom(source$.pipe(ingest(realSteps()), toArray()))
  expect(written).toHaveLength(3)
})

const anyValue = fc.oneof(
  fc.record({ delay: fc.double({ min: 0, max: 20, noNaN: true }) }).map((r) => Buffer.from(JSON.stringify(r))),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 250 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(null),
)

test('received = scored + rejected for any mix of records, and every record is accounted for once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyValue, { minLength: 1, maxLength: 20 }), async (values) => {
      const writes: BatchWrite[] = []
      const delivery = aDelivery(values.map((value, offset) => aKafkaRecord(offset, value)))
      const batch = await lastValueFrom(of(delivery).pipe(ingest(realSteps(writes))))
      const write = writes[0]!
      expect(write.received).toBe(write.scored + write.deadLetters.length)
      const offsets = [...batch.records, ...batch.rejected].map(({ source }) => source.offset)
      expect(offsets.toSorted((a, b) => Number(a - b))).toEqual(values.map((_, offset) => BigInt(offset)))
      expect(write.outbox).toHaveLength(write.anomalies.length + write.deadLetters.length)
      expect(delivery.ended).toEqual([{ by: 'acknowledge' }])
    }),
    { numRuns: 100 },
  )
})
