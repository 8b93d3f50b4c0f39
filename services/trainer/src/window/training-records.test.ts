import type { Feature } from '@outflow/contracts'
import { makeDecoder } from '@outflow/records'
import type { WindowRecord } from '@outflow/streams'
import { expect, test } from 'vitest'
import { readSampled } from './sampled-records.js'
import { type LeftOut, selectTrainingRecords } from './training-records.js'

const features: Feature[] = [{ path: '$.delay', type: 'numeric', optional: false }]

const decoder = makeDecoder({ format: 'json', maxRecordBytes: 100, csv: { delimiter: ',' } })

function aRecord(timestampMs: number, value: string): WindowRecord {
  return {
    topic: 't',
    partition: 0,
    offset: BigInt(timestampMs),
    timestampMs,
    key: null,
    value: Buffer.from(value),
    headers: [],
  }
}

/** Reads records as a sampled window does. */
function readSample(records: readonly WindowRecord[], leftOut: LeftOut = { confirmed: new Set(), spans: [] }) {
  return selectTrainingRecords(records.map(readSampled({ source: {}, features }, decoder).keep), leftOut)
}

test('records are sorted by time; those that break their contract are skipped and counted', async () => {
  const { fields, rejected, window } = readSample([
    aRecord(3_000, '{"delay":3}'),
    aRecord(1_000, '{"delay":1}'),
    aRecord(500, '{"delay":'),
    aRecord(4_000, '{"delay":"late"}'),
    aRecord(2_000, '{"delay":2}'),
  ])
  expect(fields.map(({ numbers }) => numbers[0])).toEqual([1, 2, 3])
  expect(rejected).toMatchObject({ undecodable: 1, wrong_type: 1, missing_field: 0 })
  expect(window).toEqual({ from: '1970-01-01T00:00:01.000Z', to: '1970-01-01T00:00:03.000Z' })
})

test('issue 17.7: the example of a rejection is the most frequent one of the most frequent reason', async () => {
  const { rejectedExample } = readSample(
    ['{', '{"delay":"a"}', '{"delay":"b"}', '{"delay":"b"}'].map((value, index) => aRecord(index, value)),
  )
  expect(rejectedExample).toMatch(/^\$\.delay must be a number .*found "b"$/)
})

test('a window without a single good record has no span', async () => {
  expect(readSample([aRecord(0, '')]).window).toBeNull()
})

test('confirmed anomalies and excluded spans are left out; a span includes its start and not its end', async () => {
  const records = Array.from({ length: 10 }, (_, i) => aRecord(i * 1_000, `{"delay":${i}}`))
  const { fields, times, excluded } = readSample(records, {
    confirmed: new Set(['t/0/1000', 't/1/2000']),
    spans: [{ from: new Date(4_000), to: new Date(6_000) }],
  })
  expect(fields.map(({ numbers }) => numbers[0])).toEqual([0, 2, 3, 6, 7, 8, 9])
  expect(times.at(-1)).toBe(9_000)
  expect(excluded).toEqual({ confirmed: 1, named: 2, burst: 0 })
})

test('issue 17.25: the fields of a sampled record are kept, not its bytes', () => {
  const source = aRecord(7, '{"delay":3}')
  const kept = readSampled({ source: {}, features }, decoder).keep(source)
  expect(kept).toEqual({
    ...{ topic: 't', partition: 0, offset: 7n, timestampMs: 7 },
    read: { numbers: [3], categories: [] },
  })
})
