import { type Feature, featureSchema } from '@outflow/contracts'
import { makeDecoder, messageReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { expect, test } from 'vitest'
import { scoreFile } from './score-file.js'

const aWindow = (name: string, aggregate: string, of?: string): Feature =>
  featureSchema.parse({ type: 'window', name, aggregate, of, over: '1h', by: '$.plant', at: '$.at' })
const FEATURES: Feature[] = [
  { path: '$.load', type: 'numeric', optional: false },
  { path: '$.plant', type: 'categorical', optional: false },
  aWindow('lately', 'count'),
  aWindow('usual', 'ratio_to_mean', '$.load'),
]

/** Readings of three plants, a minute to five apart. */
const readings = Array.from({ length: 60 }, (_, index) => ({
  plant: ['north', 'south', 'east'][(index * 7) % 3]!,
  load: 50 + ((index * 37) % 23) + ((index * 11) % 7) / 10,
  at: new Date(Date.UTC(2026, 0, 1, 0, index * 3 + ((index * 13) % 3))).toISOString(),
}))

/** Replaces a fitted model by an nll to which every field contributes, so that records with different fields differ. */
const detector = {
  metadata: { features: FEATURES },
  score: async (records: readonly Fields[]) => {
    const nll = Float64Array.from(records, ({ numbers, categories }) =>
      [...numbers, categories[0]!.length].reduce((sum, value, at) => sum + value / (at + 1), 0),
    )
    return { nll, pValue: nll.map((nats) => Math.exp(-nats)) }
  },
}

async function ofFile(format: 'csv' | 'ndjson', text: string) {
  async function* bytes() {
    yield Buffer.from(text)
  }
  const scored = []
  for await (const { nll } of scoreFile(detector, { name: 'readings', format, bytes: bytes() })) scored.push(...nll)
  return scored
}

const csv = `plant,load,at\n${readings.map(({ plant, load, at }) => `${plant},${load},${at}\n`).join('')}`
const ndjson = readings.map((reading) => `${JSON.stringify(reading)}\n`).join('')

test('issue 18: the same records have the same nll from a file and from a stream, windowed features included', async () => {
  const decoder = makeDecoder({ format: 'json', maxRecordBytes: 1024, csv: { delimiter: ',' } })
  const reader = messageReader({
    decoder,
    source: { key: '$.plant', timestamp: '$.at' },
    features: FEATURES,
    maxBytes: 1024 ** 2,
  })
  const messages = readings.map((reading) => {
    const value = Buffer.from(JSON.stringify(reading))
    const read = reader.read({ topic: 'readings', partition: 3, key: null, timestampMs: Date.UTC(2026, 1), value })
    if ('reason' in read) throw new Error(read.detail)
    return read.fields
  })
  expect(new Set(messages.map(({ numbers }) => numbers[1])).size).toBeGreaterThan(5) // windows are counted
  const { nll } = await detector.score(messages)
  expect(await ofFile('csv', csv)).toEqual([...nll])
  expect(await ofFile('ndjson', ndjson)).toEqual([...nll])
})

test('throws, with the line, for a record that breaks the contract of the model', async () => {
  await expect(ofFile('csv', `${csv}south,heavy,2026-02-01T00:00:00Z\n`)).rejects.toThrow(
    'readings, line 62: $.load must be a number of magnitude up to 1e300, found "heavy"',
  )
  await expect(ofFile('csv', 'plant,load,at\n')).rejects.toThrow('readings: it has no records')
})
