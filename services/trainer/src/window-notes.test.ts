import { type Feature, featureSchema } from '@outflow/contracts'
import { makeDecoder, type RecordDecoder } from '@outflow/records'
import type { NotedRecord, WindowRecord } from '@outflow/streams'
import { expect, test } from 'vitest'
import { keepFields, type LeftOut, selectTrainingRecords } from './training-records.js'
import { noteWindows, type WindowNote } from './window-notes.js'

const FEATURES: readonly Feature[] = [
  { path: '$.delay', type: 'numeric', optional: false },
  featureSchema.parse({ type: 'window', name: 'total', aggregate: 'sum', of: '$.delay', over: '2h' }),
]
const decoder = makeDecoder({ format: 'json', maxRecordBytes: 1024, csv: { delimiter: ',' } })

function aRecord(partition: number, offset: number, value: string, key = 'LAX'): WindowRecord {
  const at = { topic: 'flights', partition, offset: BigInt(offset), timestampMs: offset }
  return { ...at, key: Buffer.from(key), value: Buffer.from(value), headers: [] }
}

const leftOut = { confirmed: new Set<string>(), spans: [] }

/** Reads records as a sampled window does. */
function readSample(
  records: readonly NotedRecord<WindowNote>[],
  { features, decoder, leftOut }: { features: readonly Feature[]; decoder: RecordDecoder; leftOut: LeftOut },
) {
  return selectTrainingRecords(records.map(keepFields(features, decoder).of), leftOut)
}

test('each record is noted with what its entity did before it in its own partition; broken ones count in none', async () => {
  const notes = noteWindows(FEATURES, decoder)!
  const records = [
    aRecord(0, 0, '{"delay":1}'),
    aRecord(1, 0, '{"delay":100}'),
    aRecord(0, 1, '{"delay":"late"}'),
    aRecord(0, 2, 'broken'),
    aRecord(0, 3, '{"delay":2}'),
    aRecord(1, 1, '{"delay":200}', 'SFO'),
  ].map((record) => {
    const note = notes.of(record)
    return note === undefined ? record : { ...record, note }
  })
  const { fields, rejected } = readSample(records, { features: FEATURES, decoder, leftOut })
  expect(fields.map(({ numbers }) => numbers).toSorted((a, b) => a[0]! - b[0]!)).toEqual([
    [1, 1],
    [2, 3],
    [100, 100],
    [200, 200],
  ])
  expect(rejected).toMatchObject({ wrong_type: 1, undecodable: 1 })
  expect(notes.beforeMs).toBe(7_200_000)
  expect(notes.summarise()).toEqual({ entities: 2, split: 1, forgotten: 0 })
})

test('a record that breaks the contract of a window is rejected for it', async () => {
  const timed = [FEATURES[0]!, { ...FEATURES[1]!, at: '$.date' } as Feature]
  const record = aRecord(0, 0, '{"delay":1}')
  const note = noteWindows(timed, decoder)!.of(record)!
  expect(readSample([{ ...record, note }], { features: timed, decoder, leftOut }).rejected.bad_timestamp).toBe(1)
})

test('without windowed features nothing is noted', () => {
  expect(noteWindows([FEATURES[0]!], decoder)).toBeNull()
})
