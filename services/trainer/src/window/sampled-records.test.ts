import { type Feature, featureSchema } from '@outflow/contracts'
import { makeDecoder } from '@outflow/records'
import type { WindowRecord } from '@outflow/streams'
import { expect, test } from 'vitest'
import { readSampled } from './sampled-records.js'
import { selectTrainingRecords } from './training-records.js'

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

test('each record is read with the earlier records of its entity in its partition; invalid ones do not count', async () => {
  const { keep, aheadMs, windowsRead } = readSampled({ source: {}, features: FEATURES }, decoder)
  const records = [
    aRecord(0, 0, '{"delay":1}'),
    aRecord(1, 0, '{"delay":100}'),
    aRecord(0, 1, '{"delay":"late"}'),
    aRecord(0, 2, 'broken'),
    aRecord(0, 3, '{"delay":2}'),
    aRecord(1, 1, '{"delay":200}', 'SFO'),
  ].map(keep)
  const { fields, rejected } = selectTrainingRecords(records, leftOut)
  expect(fields.map(({ numbers }) => numbers).toSorted((a, b) => a[0]! - b[0]!)).toEqual([
    [1, 1],
    [2, 3],
    [100, 100],
    [200, 200],
  ])
  expect(rejected).toMatchObject({ wrong_type: 1, undecodable: 1 })
  expect(aheadMs).toBe(7_200_000)
  expect(windowsRead()).toEqual({ entities: 2, split: 1, evicted: 0 })
})

test('a record that breaks the contract of a windowed feature is rejected', async () => {
  const timed = [FEATURES[0]!, { ...FEATURES[1]!, at: '$.date' } as Feature]
  const record = readSampled({ source: {}, features: timed }, decoder).keep(aRecord(0, 0, '{"delay":1}'))
  expect(selectTrainingRecords([record], leftOut).rejected.bad_timestamp).toBe(1)
})

test('without windowed features only sampled records are read', () => {
  const { aheadMs, windowsRead } = readSampled({ source: {}, features: [FEATURES[0]!] }, decoder)
  expect(aheadMs).toBeUndefined()
  expect(windowsRead()).toBeNull()
})

test('a Kafka timestamp in ns is clamped as in the store if records have their own time (it failed every fit)', () => {
  const { keep } = readSampled({ source: { timestamp: '$.date' }, features: [FEATURES[0]!] }, decoder)
  const record = keep({ ...aRecord(0, 0, '{"delay":1,"date":"2026-01-01"}'), timestampMs: 1.7e18 })
  const latest = '9999-12-31T23:59:59.999Z'
  expect(selectTrainingRecords([record], leftOut).window).toEqual({ from: latest, to: latest })
})

test('issue 18: a record whose event time ingest rejects is rejected in training, too, and counts in no window', () => {
  const { keep } = readSampled({ source: { timestamp: '$.date' }, features: FEATURES }, decoder)
  const [broken, sound] = ['{"delay":1,"date":"never"}', '{"delay":2,"date":"2026-01-01"}'].map((value, offset) =>
    keep(aRecord(0, offset, value)),
  )
  expect(broken!.read).toMatchObject({ reason: 'bad_timestamp' })
  expect(sound!.read).toMatchObject({ numbers: [2, 2] })
})
