import type { Feature } from '@outflow/contracts'
import { makeDecoder } from '@outflow/formats'
import type { WindowRecord } from '@outflow/streams'
import { expect, test } from 'vitest'
import { readTrainingRecords } from './training-records.js'

const features: Feature[] = [{ path: '$.delay', type: 'numeric', optional: false }]

const decoder = makeDecoder({ format: 'json', maxRecordBytes: 100, csv: { delimiter: ',' } })

function aRecord(timestampMs: number, value: string): WindowRecord {
  return { topic: 't', partition: 0, offset: 0n, timestampMs, key: null, value: Buffer.from(value), headers: {} }
}

test('records are read in order of time; those that break their contract are skipped and counted', async () => {
  const { fields, rejected, window } = await readTrainingRecords(
    [
      aRecord(3_000, '{"delay":3}'),
      aRecord(1_000, '{"delay":1}'),
      aRecord(500, '{"delay":'),
      aRecord(4_000, '{"delay":"late"}'),
      aRecord(2_000, '{"delay":2}'),
    ],
    { features, decoder },
  )
  expect(fields.map(({ numbers }) => numbers[0])).toEqual([1, 2, 3])
  expect(rejected).toMatchObject({ undecodable: 1, wrong_type: 1, missing_field: 0 })
  expect(window).toEqual({ from: '1970-01-01T00:00:01.000Z', to: '1970-01-01T00:00:03.000Z' })
})

test('a window without a single good record has no span', async () => {
  expect((await readTrainingRecords([aRecord(0, '')], { features, decoder })).window).toBeNull()
})
