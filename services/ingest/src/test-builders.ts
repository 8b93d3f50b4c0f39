import type { ModelMetadata } from '@outflow/contracts'
import type { Detector, Scores } from '@outflow/detector'
import { type BatchReader, batchReader, makeDecoder, makeReader, type RecordDecoder } from '@outflow/records'
import { type FieldTable, fieldsAt, packFields } from '@outflow/records/fields'
import type { Delivery, KafkaRecord } from '@outflow/streams'
import { vi } from 'vitest'
import type { ModelLease, ReadBatch, ReadRecord } from './batch.js'

/** Builders for this package's tests: each returns a complete value; a test passes only the fields that it depends on. */

export function aKafkaRecord(offset: number, value: unknown, overrides: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    offset: BigInt(offset),
    timestampMs: Date.UTC(2026, 0, 1) + offset,
    key: Buffer.from('LAX'),
    value: value === null || Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)),
    headers: [],
    ...overrides,
  }
}

export function aDecoder(maxRecordBytes = 1024): RecordDecoder {
  return makeDecoder({ format: 'json', maxRecordBytes, csv: { delimiter: ',' } })
}

/** Reads messages for a detector, with Kafka's timestamps and keys. */
export function aReader({ metadata: { features } }: Detector, decoder = aDecoder()): BatchReader<KafkaRecord> {
  return batchReader({ decoder, source: {}, features })
}

interface TestDelivery extends Delivery {
  readonly ended: { by: 'acknowledge' | 'reposition' | 'fail'; error?: unknown }[]
}

export function aDelivery(records: readonly KafkaRecord[], overrides: Partial<Delivery> = {}): TestDelivery {
  const ended: TestDelivery['ended'] = []
  const partition = overrides.partition ?? 0
  return {
    topic: 'flights',
    partition,
    partitionKey: `flights/${partition}`,
    records,
    expectedOffset: records[0]?.offset ?? 0n,
    topicId: null,
    nextOffset: (records.at(-1)?.offset ?? -1n) + 1n,
    highWatermark: 100n,
    acknowledge: () => ended.push({ by: 'acknowledge' }),
    reposition: () => ended.push({ by: 'reposition' }),
    fail: (error) => ended.push({ by: 'fail', error }),
    ...overrides,
    ended,
  }
}

/** Reader of the test detector's features. */
export const FEATURES: ModelMetadata['features'] = [{ path: '$.delay', type: 'numeric', optional: false }]

/** A detector of one number: the nll is the delay, the p-value e^−delay; it rejects a record without a delay. */
export function aDetector(overrides: Partial<Detector> = {}): Detector {
  return {
    metadata: {
      ...{ createdAt: '2026-01-01T00:00:00.000Z', features: FEATURES, calibration: { smallestPValue: 0.0001 } },
      provisional: false,
    } as unknown as ModelMetadata,
    read: makeReader(FEATURES),
    pValues: (nll) => nll.map((own) => Math.exp(-own)),
    score: async (batch) => scoresOf(packFields(batch)),
    scoreTable: async (table) => scoresOf(table),
    newValues: async (batch) => batch.map(() => null),
    stretched: [],
    usualOf: {},
    comparableNll: (_, nll) => nll,
    pUpperLimit: (nll) => Math.min(1, 2 * Math.exp(-nll)),
    explain: async () => [],
    bands: async () => [],
    windowed: () => null,
    fieldShifts: () => [],
    sample: async () => [],
    sampleFields: async () => [],
    close: vi.fn<Detector['close']>(async () => {}),
    ...overrides,
  }
}

/** @param times  factor of each delay */
export function scoresOf(table: FieldTable, times = 1): Scores {
  const nll = Float64Array.from({ length: table.count }, (_, row) => times * fieldsAt(table, row).numbers[0]!)
  return { nll, pValue: nll.map((own) => Math.exp(-own)), unseenValues: 0, missingValues: 0 }
}

export function aLease(detector: Detector = aDetector()): ModelLease {
  return {
    modelId: 'm1',
    detector,
    recalibration: null,
    recalibrationId: null,
    shadow: null,
    giveBack: vi.fn<() => void>(),
  }
}

/** All records of a batch, each read again. */
export function recordsOf({ records }: Pick<ReadBatch, 'records'>): readonly ReadRecord[] {
  return Array.from({ length: records.length }, (_, row) => records.at(row)!)
}

/** A batch of records with these delays, read and ready to be scored. */
export function aReadBatch(delays: readonly number[], overrides: Partial<ReadBatch> = {}): ReadBatch {
  const sources = delays.map((delay, offset) => aKafkaRecord(offset, { delay }))
  const records = sources.map((source): ReadRecord => ({ source, eventTimeMs: source.timestampMs, entityKey: 'LAX' }))
  const fields = packFields(delays.map((delay) => ({ numbers: [delay], categories: [] })))
  return {
    ...{
      delivery: aDelivery(sources),
      startedAtMs: 0,
      model: aLease(),
      records,
      observations: [],
      fields,
      rejected: [],
      skipped: 0,
    },
    recordTimesMs: Float64Array.from(sources, ({ timestampMs }) => timestampMs),
    ...overrides,
  }
}
