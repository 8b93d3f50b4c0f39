import type { Feature } from '@outflow/contracts'
import { openDetector, trainDetector } from '@outflow/detector'
import { type Fields, makeReader } from '@outflow/encoding'
import { makeDecoder } from '@outflow/formats'
import type { BatchWrite } from '@outflow/store/batch'
import type { Delivery, KafkaRecord } from '@outflow/streams'
import { lastValueFrom, of, toArray } from 'rxjs'
import {
  anomalyValues,
  deadLetterValues,
  rejectionValues,
  scoreValues,
  verdictValues,
} from '../../../libs/store/src/batch/write-batch-values.js'
import { type IngestSteps, ingest } from '../../../services/ingest/src/pipeline.js'
import { recordReader, wholeRecord } from '../../../services/ingest/src/record-reader.js'
import { explainWith } from '../../../services/ingest/src/steps/explain.js'
import { judgeAt } from '../../../services/ingest/src/steps/judge.js'
import { prepareWith } from '../../../services/ingest/src/steps/prepare.js'
import { readWith } from '../../../services/ingest/src/steps/read.js'
import { score } from '../../../services/ingest/src/steps/score.js'
import { setAsideTo } from '../../../services/ingest/src/steps/set-aside.js'
import { writeWith } from '../../../services/ingest/src/steps/write.js'
import { mutate, type Random } from '../random.js'
import { expectSame, show } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

const FEATURES: readonly Feature[] = [
  { path: '$.n', type: 'numeric', optional: true },
  { path: '$.m', type: 'numeric', scale: 'log', optional: true },
  { path: '$.city', type: 'categorical', optional: false },
  { path: '$.ok', type: 'boolean', optional: true },
  { path: '$.note', type: 'text', optional: true },
  { path: '$.at', type: 'cyclic', period: 'day', optional: true },
]

const target: FuzzTarget<readonly KafkaRecord[]> = {
  rule: 'received = scored + rejected, each offset counts once, and all that is written is text and JSON of Postgres',
  setUp: async () => {
    const read = makeReader(FEATURES)
    const records = Array.from({ length: 60 }, (_, at) => read(aRecordOf(at)) as Fields)
    const { artefact } = await trainDetector({
      features: FEATURES,
      records,
      model: { kind: 'realnvp', layers: 1, hidden: [4] },
      training: { contamination: 0, seed: 1 },
      alertRate: 0.3,
      backend: 'wasm',
    })
    steps = stepsOf(await openDetector(artefact))
  },
  sizeOf: (records) => records.length,
  shortRun: 60,
  generate: (random) => {
    const first = random.below(1_000)
    return [0, ...random.list(11, () => 1)].map((_, at) => aMessage(random, BigInt(first + 2 * at)))
  },
  check: async (records) => {
    writes.length = 0
    let ended: unknown
    const delivery: Delivery = {
      topic: 'flights',
      partition: 0,
      partitionKey: 'flights/0',
      records,
      expectedOffset: records[0]!.offset,
      nextOffset: records.at(-1)!.offset + 1n,
      highWatermark: records.at(-1)!.offset + 1n,
      acknowledge: () => (ended = 'acknowledged'),
      reposition: () => (ended = 'repositioned'),
      fail: (error) => (ended = error),
    }
    const failed: unknown[] = []
    const watch = {
      begun: () => {},
      ended: () => {},
      recordFailed: (_: unknown, _offset: bigint, error: unknown) => failed.push(error),
    }
    const batches = await lastValueFrom(of(delivery).pipe(ingest(steps, watch), toArray()))
    if (ended instanceof Error) throw ended
    expectSame(ended, 'acknowledged', 'the delivery')
    if (failed.length > 0) throw failed[0]
    const [write] = writes
    if (write === undefined || writes.length > 1) throw new WrongValue(`${writes.length} writes`)
    expectSame(write.received, write.scored + write.deadLetters.length, 'received')
    expectSame(write.received + (write.skipped ?? 0), records.length, 'received and skipped')
    expectSame(write.skipped, records.filter(({ value }) => value === null).length, 'skipped')
    const skipped = records.filter(({ value }) => value === null).map(({ offset }) => offset)
    const counted = batches.flatMap((batch) => [...batch.records, ...batch.rejected].map(({ source }) => source.offset))
    expectSame(
      [...counted, ...skipped].toSorted((a, b) => Number(a - b)),
      records.map(({ offset }) => offset),
      'offsets',
    )
    expectSame(write.outbox.length, write.anomalies.length + write.deadLetters.length, 'outbox')
    for (const { kind, payload } of write.outbox) if (kind === 'alert') JSON.parse(String(payload))
    const values = [anomalyValues, verdictValues, deadLetterValues, scoreValues, rejectionValues].flatMap((of) =>
      of(write),
    )
    for (const value of values.flat()) {
      if (isRefused(value)) throw new WrongValue(`Postgres refuses ${show(value)}`)
    }
  },
}
export default target

/** A record, reasons and the like are objects or lists; no other text begins as they do. */
function isRefused(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value)
  return typeof value === 'string' && (value.includes('\0') || (/^[[{]/.test(value) && REFUSED_JSON.test(value)))
}

/** NUL and lone surrogates, as JSON.stringify writes them; behind an escaped backslash it is text. */
const REFUSED_JSON = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i

const writes: BatchWrite[] = []
let steps: IngestSteps

function stepsOf(detector: Awaited<ReturnType<typeof openDetector>>): IngestSteps {
  const decoder = makeDecoder({ format: 'json', maxRecordBytes: 4_096, csv: { delimiter: ',' } })
  const { signal } = new AbortController()
  const unexpected = (_: unknown, error: unknown) => {
    throw error
  }
  const unexpectedAt = (_: unknown, _offset: bigint, error: unknown) => {
    throw error
  }
  const telemetry = {
    recordFailed: unexpectedAt,
    explanationFailed: unexpectedAt,
    writeRetried: unexpected,
    schemaFetchRetried: unexpected,
  }
  return {
    prepare: prepareWith({ decoder, telemetry, signal }),
    read: readWith({
      tombstones: 'skip',
      borrowModel: () => ({ modelId: 'm1', detector, followed: null, giveBack: () => {} }),
      readerFor: (own) => recordReader(own, { decoder, source: { timestamp: '$.at', key: '$.key' }, plan: null }),
      telemetry,
    }),
    setAside: setAsideTo({ topic: 'flights.dead' }),
    observe: (batch) => of(batch),
    score,
    judge: judgeAt({ alertRate: 0.3 }),
    compare: (batch) => of(batch),
    explain: explainWith({
      recordOf: wholeRecord(decoder),
      telemetry: { ...telemetry, explanationsShortened: () => {}, explanationsSkipped: () => {} },
    }),
    write: writeWith({
      pipeline: 'flights',
      alertsTopic: 'flights.alerts',
      writeBatch: async (write) => {
        writes.push(write)
        return 'written'
      },
      telemetry,
      signal,
    }),
  }
}

const aRecordOf = (at: number) => ({
  n: Math.sin(at),
  m: 10 ** (at % 4),
  city: 'abc'[at % 3],
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
]
const LIKELY = Buffer.from('{}[]",:\\0e-\0')

function aValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 0 ? 6 : 4)) {
    case 0:
      return random.pick(NUMBERS)
    case 1:
      return random.pick([null, true, false])
    case 2:
      return random.list(3, () => random.pick(TEXTS)).join('')
    case 3:
      return random.below(2_000) / 10 - 100
    case 4:
      return random.list(3, () => aValue(random, depth - 1))
    default:
      return Object.fromEntries(random.list(3, () => [random.pick(TEXTS), aValue(random, depth - 1)]))
  }
}

function aMessage(random: Random, offset: bigint): KafkaRecord {
  const record: Record<string, unknown> = aRecordOf(random.below(100))
  for (const name of random.list(3, () => random.pick([...Object.keys(record), 'other', '\0'])))
    record[name] = aValue(random, 2)
  if (random.oneIn(8)) delete record[random.pick(Object.keys(record))]
  const bytes = Buffer.from(JSON.stringify(record))
  const value = random.pick([
    () => bytes,
    () => bytes,
    () => bytes,
    () => mutate(random, bytes, LIKELY),
    () => random.bytes(random.below(40)),
    () => (random.oneIn(3) ? null : Buffer.from('['.repeat(random.pick([10, 4_000, 5_000])))),
  ])()
  return {
    offset,
    timestampMs: random.pick([Date.UTC(2026, 0, 1), -1, 0, 253_402_300_800_000, 8.64e15, Number(offset) * 1_000]),
    key: random.pick([null, Buffer.alloc(0), Buffer.from('LAX'), random.bytes(random.below(6))]),
    value,
    headers: random.list(
      3,
      () => [random.pick(TEXTS), random.oneIn(4) ? null : random.bytes(random.below(4))] as const,
    ),
  }
}
