import { type Feature, featureSchema } from '@outflow/contracts'
import { type Detector, openDetector, trainDetector } from '@outflow/detector'
import { batchReader, type Fields, fieldsAt, makeDecoder, makeReader, wholeRecord } from '@outflow/records'
import type { BatchWrite, StoredWindowState } from '@outflow/store/batch'
import type { OutboxMessage } from '@outflow/store/outbox'
import { type Delivery, isTombstone, type KafkaHeaders, type KafkaRecord } from '@outflow/streams'
import { lastValueFrom, of, toArray } from 'rxjs'
import { batchColumns, batchText, windowColumns } from '../../../libs/store/src/batch/write-batch-values.js'
import { outboxColumns } from '../../../libs/store/src/outbox/outbox-message.js'
import type { WrittenBatch } from '../../../services/ingest/src/batch.js'
import { type IngestSteps, ingest } from '../../../services/ingest/src/pipeline.js'
import { observeWith } from '../../../services/ingest/src/steps/observe.js'
import { stepsInMemory, writeInMemory } from '../../../services/ingest/src/test-steps.js'
import { mutate, type Random } from '../random.js'
import { COLUMNS, FORMATS, type Format, startRegistry, WRITERS } from '../record-formats.js'
import { expectSame, show } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

/** What arrives from one partition. */
interface Arrivals {
  readonly format: Format
  readonly tombstones: 'skip' | 'reject'
  /** Whether `source.timestamp` and `source.key` are configured. */
  readonly isTimedByRecord: boolean
  readonly batches: readonly (readonly Arrival[])[]
  /** Whether the records are processed again, each in a batch of its own. */
  readonly isRepeated: boolean
}

interface Arrival {
  readonly source: KafkaRecord
  /** What was written, where nothing was changed: the record must be scored by it. */
  readonly record?: ReturnType<typeof aRecordOf>
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
    await registry.stop()
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
let registry: Awaited<ReturnType<typeof startRegistry>>

/** The fields of a training record, with numbers for the windowed features, which no record holds. */
const withWindows = ({ numbers, categories }: Fields, at: number): Fields => ({
  categories,
  numbers: numbers.map((number, place) => (place < numbers.length - WINDOWS.length ? number : (at * (place + 1)) % 7)),
})

// --- the pipeline: its steps over a store in memory ---

/** What became of a record. */
type Outcome =
  | { readonly offset: bigint; readonly reason: string }
  | { readonly offset: bigint; readonly numbers: readonly number[]; readonly categories: readonly (string | null)[] }

type PartitionOptions = Omit<Arrivals, 'batches' | 'isRepeated'> & { readonly maxWindowBytes?: number }

/** A partition and the pipeline that processes it. */
function makePartition(options: PartitionOptions) {
  const writes: BatchWrite[] = []
  const pipeline = ingest(stepsOf(options, writes), {
    begun: () => {},
    ended: () => {},
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
      checkWrite(writes[0]!, written[0]!, options)
      checkScored(written[0]!, arrivals, options)
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
    windowsUnknown: () => {},
  }
  const windowStates = new Map<string, StoredWindowState>()
  const nameOf = ({ by, entity }: Pick<StoredWindowState, 'by' | 'entity'>) => JSON.stringify([by, entity])
  const observer = observeWith({
    features: FEATURES,
    load: async (_, entities) => entities.flatMap((entity) => windowStates.get(nameOf(entity)) ?? []),
    telemetry,
    signal: new AbortController().signal,
    ...(maxWindowBytes !== undefined && { maxBytes: maxWindowBytes }),
  })!
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

// --- what must hold of a batch ---

function checkWrite(write: BatchWrite, batch: WrittenBatch, { tombstones }: PartitionOptions): void {
  const { records } = batch.delivery
  const skipped = tombstones === 'skip' ? records.filter(isTombstone).map(({ offset }) => offset) : []
  expectSame(write.skipped, skipped.length, 'skipped')
  expectSame(write.received, records.length - skipped.length, 'received')
  expectSame(write.received, write.scored + write.deadLetters.length, 'received = scored + rejected')
  expectSame(sum(write.scores.map(({ scored }) => scored)), write.scored, 'scored by minute')
  expectSame(sum(write.rejections.map(({ rejected }) => rejected)), write.deadLetters.length, 'rejected by minute')
  const scored = batch.records.map(({ source }) => source.offset)
  const rejected = batch.rejected.map(({ source }) => source.offset)
  expectSame(
    [...scored, ...rejected, ...skipped].toSorted((a, b) => Number(a - b)),
    records.map(({ offset }) => offset),
    'offsets',
  )
  expectSame(write.scored, scored.length, 'scored')
  const anomalies = write.anomalies.map(({ offset }) => offset)
  expectSame(
    anomalies,
    scored.filter((offset) => anomalies.includes(offset)),
    'offsets of anomalies',
  )
  checkDeadLetters(write, batch)
  const alerts = write.outbox.filter(({ kind }) => kind === 'alert')
  expectSame(alerts.length, anomalies.length, 'alerts')
  for (const { payload } of alerts) JSON.parse(String(payload))
  expectSame(write.outbox.length, alerts.length + rejected.length, 'outbox')
  const text = batchText(write)
  if (REFUSED_JSON.test(text)) throw new WrongValue(`Postgres refuses ${show(text)}`)
  for (const { record } of JSON.parse(text).anomalies) {
    if (REFUSED_JSON.test(record)) throw new WrongValue(`Postgres refuses ${show(record)}`)
  }
  JSON.stringify(batchColumns(write), (name, value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new WrongValue(`${name} is ${value}`)
    return value
  })
  for (const value of [...windowColumns(write), ...outboxColumns(write.outbox)].flat()) {
    if (typeof value === 'string' && value.includes('\0')) throw new WrongValue(`Postgres refuses ${show(value)}`)
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** NUL and lone surrogates, as JSON.stringify writes them; behind an escaped backslash it is text. */
const REFUSED_JSON = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i

function checkDeadLetters(write: BatchWrite, { rejected }: WrittenBatch): void {
  const messages = write.outbox.filter(({ kind }) => kind === 'dead_letter')
  expectSame(messages.length, rejected.length, 'dead letters to send')
  rejected.forEach(({ source }, at) => {
    const { offset, key, value } = write.deadLetters[at]!
    expectSame(offset, source.offset, 'offset of a dead letter')
    if (!isStartOf(key, source.key, true) || !isStartOf(value, source.value, true))
      throw new WrongValue(`the dead letter of ${offset} has other bytes`)
    checkDeadLetter(source, messages[at]!)
  })
}

/** A dead letter has the record's key, value and headers in full, unless they are too large for a message; then their beginnings. */
function checkDeadLetter({ offset, key, value, headers }: KafkaRecord, message: OutboxMessage): void {
  const isWhole = sizeOf(key, value, headers) < 990_000
  const own = message.headers.findIndex(
    ([name, text], at) => at === headers.length || !isHeader(headers[at]!, name, text),
  )
  const isComplete =
    isStartOf(message.key, key, isWhole) &&
    isStartOf(message.payload, value, isWhole) &&
    (isWhole ? own === headers.length : own <= headers.length) &&
    message.headers[own]![0] === 'outflow.reason'
  if (!isComplete) throw new WrongValue(`the dead letter of ${offset} to send is not the record: ${show(message)}`)
  const size = sizeOf(message.key, message.payload, message.headers)
  if (size > 1_000_000) throw new WrongValue(`the dead letter of ${offset} has ${size} bytes`)
}

const isHeader = ([name, value]: KafkaHeaders[number], otherName: string, other: Uint8Array | string | null) =>
  name === otherName && typeof other !== 'string' && isStartOf(other, value, true)

function isStartOf(part: Uint8Array | null, whole: Buffer | null, isWhole: boolean): boolean {
  if (part === null || whole === null) return part === whole
  return (isWhole ? part.length === whole.length : true) && whole.subarray(0, part.length).equals(part)
}

const sizeOf = (key: Uint8Array | null, value: Uint8Array | null, headers: OutboxMessage['headers']): number =>
  (key?.length ?? 0) +
  (value?.length ?? 0) +
  sum(headers.map(([name, own]) => Buffer.byteLength(name) + (own === null ? 0 : Buffer.byteLength(own))))

/** A record that was not changed is scored by the values that were written. */
function checkScored(
  { records, rejected, fields, scores }: WrittenBatch,
  arrivals: readonly Arrival[],
  { isTimedByRecord }: PartitionOptions,
): void {
  const byOffset = new Map(arrivals.map((arrival) => [arrival.source.offset, arrival]))
  for (const { source, rejection } of rejected) {
    const { record } = byOffset.get(source.offset)!
    const isTimeOfYear = source.timestampMs >= YEAR_1_MS && source.timestampMs < YEAR_10000_MS
    if (record !== undefined && (isTimedByRecord || isTimeOfYear))
      throw new WrongValue(`rejected ${show(record)}: ${rejection.detail}`)
  }
  records.forEach(({ source, eventTimeMs }, index) => {
    if (Number.isNaN(scores.nll[index]) || !(scores.pValue[index]! > 0 && scores.pValue[index]! <= 1))
      throw new WrongValue(`${source.offset} has the nll ${scores.nll[index]} and the p-value ${scores.pValue[index]}`)
    const { record } = byOffset.get(source.offset)!
    if (record === undefined) return
    const { numbers, categories } = fieldsAt(fields, index)
    expectSame(numbers.slice(0, 2), [record.n, record.m], 'numbers')
    expectSame(categories.slice(0, 2), [record.city, String(record.ok)], 'categories')
    expectSame(eventTimeMs, isTimedByRecord ? Date.parse(record.at) : source.timestampMs, 'event time')
  })
}

const YEAR_1_MS = Date.parse('0001-01-01T00:00:00Z')
const YEAR_10000_MS = Date.parse('9999-12-31T23:59:59.999Z') + 1

function outcomesOf({ records, rejected, fields }: WrittenBatch): Outcome[] {
  const outcomes: Outcome[] = [
    ...records.map(({ source: { offset } }, index) => {
      const { numbers, categories } = fieldsAt(fields, index)
      return { offset, numbers: [...numbers], categories: [...categories] }
    }),
    ...rejected.map(({ source: { offset }, rejection: { reason } }) => ({ offset, reason })),
  ]
  return outcomes.toSorted((a, b) => Number(a.offset - b.offset))
}

// --- the records ---

const aRecordOf = (at: number) => ({
  n: Math.sin(at),
  m: 10 ** (at % 4),
  city: 'abc'[at % 3]!,
  ok: at % 2 === 0,
  note: `note ${at}`,
  at: new Date(Date.UTC(2026, 0, 1, at % 24)).toISOString(),
  key: `k${at % 5}`,
})

const NUMBERS = [0, -0, 1, -1, 1e300, -1e300, 1e308, 5e-324, 2 ** 53, 253_402_300_800_000, -62_135_596_800_001]
const TEXTS = [
  '',
  'a',
  'true',
  'NaN',
  '\0',
  '\ud800',
  'a\udc00b',
  '🎈',
  '\\u0000',
  '\\',
  '"',
  '日',
  'x'.repeat(600),
  '1e999',
  '9999-12-31T23:59:59Z',
  '0000-01-01T00:00:00Z',
  '__proto__',
  'constructor',
  'outflow.reason',
]
const LIKELY = Buffer.from('{}[]",:\\0e-\0\x02')
const HUGE = Buffer.alloc(2_000_000, 'k')

function aValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 0 ? 6 : 4)) {
    case 0:
      return random.pick(NUMBERS)
    case 1:
      return random.pick([null, true, false])
    case 2:
      return aText(random)
    case 3:
      return random.below(2_000) / 10 - 100
    case 4:
      return random.list(3, () => aValue(random, depth - 1))
    default:
      return Object.fromEntries(random.list(3, () => [random.pick(TEXTS), aValue(random, depth - 1)]))
  }
}

/** A name that bytes can have: a lone surrogate becomes U+FFFD. */
const aName = (random: Random) => Buffer.from(aText(random)).toString()

const aText = (random: Random) => random.list(3, () => random.pick(TEXTS)).join('')

function anyArrival(random: Random, format: Format, offset: bigint): Arrival {
  const record = aRecordOf(random.below(100))
  const timestampMs = random.oneIn(4)
    ? random.pick([-1, 0, 253_402_300_800_000, 8.64e15, -8.64e15])
    : Date.UTC(2026, 0, 1) + (Number(offset) - random.below(30)) * random.pick([1, 60_000, 600_000])
  const source = (value: Buffer | null): KafkaRecord => ({
    offset,
    timestampMs,
    key: aKey(random),
    value,
    headers: someHeaders(random),
  })
  if (random.oneIn(3)) return { source: source(WRITERS[format](record)), record }
  if (random.oneIn(100))
    return { source: { ...source(null), key: null, headers: [], unreadable: 'its batch expands too far' } }
  return { source: source(anOddValue(random, format, record)) }
}

function anOddValue(random: Random, format: Format, record: Record<string, unknown>): Buffer | null {
  const odd = { ...record }
  for (const name of random.list(3, () => random.pick([...COLUMNS, 'other', '\0', '__proto__'])))
    Object.defineProperty(odd, name, { value: aValue(random, 2), enumerable: true, configurable: true })
  if (random.oneIn(8)) delete odd[random.pick(COLUMNS)]
  const bytes = WRITERS[format](odd)
  return random.pick([
    () => bytes,
    () => bytes,
    () => bytes,
    () => mutate(random, bytes, LIKELY),
    () => random.bytes(random.below(40)),
    () => Buffer.from('['.repeat(random.pick([0, 10, 4_000, 5_000]))),
    () => (random.oneIn(20) ? HUGE : null),
  ])()
}

const aKey = (random: Random): Buffer | null =>
  random.oneIn(200)
    ? HUGE
    : random.pick([
        null,
        Buffer.alloc(0),
        Buffer.from('LAX'),
        Buffer.from(aText(random)),
        random.bytes(random.below(6)),
      ])

const someHeaders = (random: Random): KafkaHeaders =>
  random.oneIn(200)
    ? Array.from({ length: 300 }, (_, at) => [`name ${at}`, HUGE.subarray(0, 4_000)] as const)
    : random.list(3, () => [aName(random), random.oneIn(4) ? null : random.bytes(random.below(4))] as const)
