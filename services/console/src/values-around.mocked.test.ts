import { LATEST_MS } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import type { StoredAnomaly } from '@outflow/store/anomalies'
import { scanOffsets, type WindowRecord } from '@outflow/streams'
import { expect, test, vi } from 'vitest'
import { testConfig } from './test-config.js'
import { readValuesAround } from './values-around.js'

vi.mock('@outflow/store/models', () => ({ loadModel: async () => ({}) }))
vi.mock('@outflow/streams', () => ({ makeKafka: vi.fn(), scanOffsets: vi.fn() }))
vi.mock('@outflow/detector', () => ({
  withDetector: (_: unknown, use: (detector: object) => unknown) =>
    use({ metadata: { features: [{ path: '$.delay', type: 'numeric' }] }, bands: async (rows: unknown[]) => rows }),
}))

/** Reads around an anomaly at offset 5 of a topic with the records at some offsets. */
async function around(recordTimeMs: number, offsets: readonly bigint[], timestampMs = 9) {
  const recordOf = (offset: bigint) =>
    ({ offset, timestampMs, key: null, value: Buffer.from('{"delay":1}'), headers: [] }) as unknown as WindowRecord
  vi.mocked(scanOffsets).mockImplementationOnce(async (_, __, visit) => {
    await visit(offsets.map(recordOf))
    return { isCutShort: false }
  })
  const anomaly = { topic: 'flights', partition: 0, offset: 5n, recordTimeMs, entityKey: null, reasons: null }
  const { headers, records } = await readValuesAround(
    { config: testConfig(), pool: {} as Pool, read: vi.fn() },
    anomaly as unknown as StoredAnomaly,
  )
  return { headers, offsets: records.map(({ offset }) => offset) }
}

test('the records around an anomaly are those of its topic, also if the anomaly itself has been deleted', async () => {
  expect(await around(9, [4n, 5n, 6n])).toEqual({ headers: [], offsets: [4n, 5n, 6n] })
  expect((await around(LATEST_MS, [5n], 2 * LATEST_MS)).headers).toEqual([])
  expect(await around(9, [6n])).toEqual({ headers: null, offsets: [6n] })
})

test('there are none in a topic that was created again (those of the new topic were shown)', async () => {
  expect(await around(8, [4n, 5n, 6n])).toEqual({ headers: null, offsets: [] })
  expect(await around(8, [3n, 4n])).toEqual({ headers: null, offsets: [] })
})
