import { type EntityName, type EntityState, type Feature, featureSchema } from '@outflow/contracts'
import { type Detector, openDetector, trainDetector } from '@outflow/detector'
import { batchReader, makeDecoder, makeReader, wholeRecord } from '@outflow/records'
import { type Fields, fieldsAt } from '@outflow/records/fields'
import type { BatchWrite } from '@outflow/store/batch'
import type { Delivery } from '@outflow/streams'
import { lastValueFrom, of, toArray } from 'rxjs'
import type { ComparedBatch } from '../../../services/ingest/src/batch.js'
import { type IngestSteps, ingest } from '../../../services/ingest/src/pipeline.js'
import { observeWith } from '../../../services/ingest/src/steps/observe.js'
import { recordsOf } from '../../../services/ingest/src/test-builders.js'
import { stepsInMemory, writeInMemory } from '../../../services/ingest/src/test-steps.js'
import type { Listening } from '../../support/on-loopback.js'
import { type Arrival, anyArrival, aRecordOf } from '../arrivals.js'
import { checkScored, checkWrite } from '../batch-rules.js'
import { COLUMNS, FORMATS, type Format, startRegistry } from '../record-formats.js'
import { expectSame } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

/** Messages of one partition. */
interface Arrivals {
  readonly format: Format
  readonly tombstones: 'skip' | 'reject'
  /** Whether `source.timestamp` and `source.key` are configured. */
  readonly isTimedByRecord: boolean
  readonly batches: readonly (readonly Arrival[])[]
  /** Whether the records are also processed a second time, each in its own batch. */
  readonly isRepeated: boolean
}

const target: FuzzTarget<Arrivals> = {
  rule: 'received = scored + rejected, each record counts once, a dead letter has the original bytes, and Postgres accepts the write',
  setUp: async () => {
    registry = await startRegistry()
    const read = makeReader(FEATURES)
    const records = Array.from({ length: 60 }, (_, at) => withWindows(read(aRecordOf(at)) as Fields, at))
    const { artefact } = await trainDetector({
      features: FEATURES,
      records,
      model: { kind: 'realnvp', layers: 1, hidden: [4] },
      training: { contamination: 0, seed: 1 },
      alertRate: ALERT_RATE,
      maxSteps: 50,
      backend: 'wasm',
    })
    detector = await openDetector(artefact)
  },
  tearDown: async () => {
    await detector.close()
    await registry.close()
  },
  sizeOf: ({ batches }) => batches.flat().length,
  shortRun: 60,
  generate: (random) => {
    const format = random.pick(FORMATS)
    let offset = BigInt(random.below(1_000))
    const anArrival = () => {
      offset += BigInt(random.between(1, 2))
      return anyArrival(random, format, offset)
    }
    return {
      format,
      tombstones: random.pick(['skip', 'reject']),
      isTimedByRecord: random.oneIn(2),
      batches: [0, ...random.list(2, () => 0)].map(() => [anArrival(), ...random.list(9, anArrival)]),
      isRepeated: random.oneIn(4),
    }
  },
  check: async (arrivals) => {
    const partition = makePartition(arrivals)
    const outcomes: Outcome[] = []
    for (const batch of arrivals.batches) outcomes.push(...(await partition.process(batch)))
    if (!arrivals.isRepeated) return
    const again = makePartition({ ...arrivals, maxWindowBytes: 0 })
    const repeated: Outcome[] = []
    for (const arrival of arrivals.batches.flat()) repeated.push(...(await again.process([arrival])))
    expectSame(repeated, outcomes, 'each record in a batch of its own')
  },
}
export default target

const ALERT_RATE = 0.05
const WINDOWS = (
  [
    { aggregate: 'count' },
    { aggregate: 'since_last' },
    { aggregate: 'sum', of: '$.n' },
    { aggregate: 'mean', of: '$.m', by: '$.city', at: '$.at' },
    { aggregate: 'std', of: '$.n', by: '$.city', at: '$.at' },
    { aggregate: 'min', of: '$.n', by: '$.city' },
    { aggregate: 'max', of: '$.n', at: '$.at' },
    { aggregate: 'ratio_to_mean', of: '$.m' },
    { aggregate: 'distinct', of: '$.note', by: '$.city' },
  ] as const
).map((window) => featureSchema.parse({ type: 'window', name: window.aggregate, over: '1h', ...window }))
const FEATURES: readonly Feature[] = [
  { path: '$.n', type: 'numeric', optional: true },
  { path: '$.m', type: 'numeric', scale: 'log', optional: true },
  { path: '$.city', type: 'categorical', optional: false },
  { path: '$.ok', type: 'boolean', optional: true },
  { path: '$.note', type: 'text', optional: true },
  { path: '$.at', type: 'cyclic', period: 'day', optional: true },
  { path: '$.at', type: 'cyclic', period: 'week', zone: 'Europe/Berlin', name: 'local', optional: true },
  ...WINDOWS,
]
const SOURCE = { timestamp: '$.at', key: '$.key' }

let detector: Detector
let registry: Listening

/** The fields of a training record, with numbers for the windowed features, which are not in records. */
const withWindows = ({ numbers, categories }: Fields, at: number): Fields => ({
  categories,
  numbers: numbers.map((number, place) => (place < numbers.length - WINDOWS.length ? number : (at * (place + 1)) % 7)),
})

/** Outcome of a record. */
type Outcome =
  | { readonly offset: bigint; readonly reason: string }
  | { readonly offset: bigint; readonly numbers: readonly number[]; readonly categories: readonly (string | null)[] }

type PartitionOptions = Omit<Arrivals, 'batches' | 'isRepeated'> & { readonly maxWindowBytes?: number }

/** A partition, and the pipeline that processes it. */
function makePartition(options: PartitionOptions) {
  const writes: BatchWrite[] = []
  const pipeline = ingest(stepsOf(options, writes), {
    begun: () => {},
    ended: () => {},
    superseded: () => {},
    recordFailed: (_, _offset, error) => unexpected(error),
  })
  let expectedOffset = 0n
  return {
    process: async (arrivals: readonly Arrival[]): Promise<Outcome[]> => {
      writes.length = 0
      const records = arrivals.map(({ source }) => source)
      const nextOffset = records.at(-1)!.offset + 1n
      let ended: unknown
      const delivery: Delivery = {
        topic: 'flights',
        partition: 0,
        partitionKey: 'flights/0',
        records,
        expectedOffset,
        topicId: null,
        nextOffset,
        highWatermark: nextOffset,
        acknowledge: () => (ended = 'acknowledged'),
        reposition: () => (ended = 'repositioned'),
        fail: (error) => (ended = error),
      }
      const written = await lastValueFrom(of(delivery).pipe(pipeline, toArray()))
      if (ended instanceof Error) throw ended
      expectSame(ended, 'acknowledged', 'the delivery')
      if (writes.length !== 1 || written.length !== 1) throw new WrongValue(`${writes.length} writes`)
      checkWrite(writes[0]!, written[0]!, options.tombstones)
      checkScored(written[0]!, arrivals, options.isTimedByRecord)
      expectedOffset = nextOffset
      return outcomesOf(written[0]!)
    },
  }
}

function unexpected(error: unknown): never {
  throw error
}

function stepsOf(
  { format, tombstones, isTimedByRecord, maxWindowBytes }: PartitionOptions,
  writes: BatchWrite[],
): IngestSteps {
  const decoder = makeDecoder({
    format,
    maxRecordBytes: 4_096,
    csv: { delimiter: ',', columns: [...COLUMNS] },
    registry,
  })
  const recordOf = wholeRecord(decoder)
  const telemetry = {
    schemaFetchRetried: (_: unknown, error: unknown) => unexpected(error),
    recordFailed: (_: unknown, _offset: bigint, error: unknown) => unexpected(error),
    writeRetried: (_: unknown, error: unknown) => unexpected(error),
    windowStatesAwaited: (_: unknown, error: unknown) => unexpected(error),
    windowStatesUsed: () => {},
  }
  const windowStates = new Map<string, EntityState>()
  const nameOf = ({ by, entity }: EntityName) => JSON.stringify([by, entity])
  const observer = observeWith({
    features: FEATURES,
    load: async (_, entities) => entities.flatMap((entity) => windowStates.get(nameOf(entity)) ?? []),
    telemetry,
    signal: new AbortController().signal,
    ...(maxWindowBytes !== undefined && { maxBytes: maxWindowBytes }),
  })
  return {
    ...stepsInMemory(writes, {
      decoder,
      borrowModel: () => ({
        ...{ modelId: 'm1', detector, recalibration: null, recalibrationId: null, shadow: null },
        giveBack: () => {},
      }),
      readerFor: (own) =>
        batchReader({ decoder, source: isTimedByRecord ? SOURCE : {}, features: own.metadata.features }),
      tombstones,
      alertRate: ALERT_RATE,
      telemetry,
    }),
    observe: observer.observe,
    write: writeInMemory(writes, {
      recordOf,
      telemetry,
      writeBatch: async (write) => {
        writes.push(write)
        for (const state of write.windowStates ?? []) windowStates.set(nameOf(state), state)
        return 'written'
      },
    }),
  }
}

function outcomesOf({ records, rejected, fields }: ComparedBatch): Outcome[] {
  const outcomes: Outcome[] = [
    ...recordsOf({ records }).map(({ source: { offset } }, index) => {
      const { numbers, categories } = fieldsAt(fields, index)
      return { offset, numbers: [...numbers], categories: [...categories] }
    }),
    ...rejected.map(({ source: { offset }, rejection: { reason } }) => ({ offset, reason })),
  ]
  return outcomes.toSorted((a, b) => Number(a.offset - b.offset))
}
