import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { recordBatch, recordBody } from './record-batch.js'

const require = createRequire(import.meta.url)
const Decoder: new (bytes: Buffer) => object = require('kafkajs/src/protocol/decoder')
const decode: (
  reader: object,
) => Promise<{ readonly records: readonly Decoded[] }> = require('kafkajs/src/protocol/recordBatch/v0/decoder')
const crc32C: (bytes: Buffer) => number = require('kafkajs/src/protocol/recordBatch/crc32C')

interface Decoded {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: object
}

test('a batch can be read by a client, and has the checksum that a broker requires', async () => {
  const events = Array.from({ length: 300 }, (_, index) => ({
    key: `sensor-${index}`,
    value: Buffer.from('x'.repeat(index)),
  }))
  const batch = recordBatch(events.map(recordBody), 1_764_000_000_000)
  const { records } = await decode(new Decoder(batch))
  expect(
    records.map(({ offset, timestamp, key, value, headers }) => ({ offset, timestamp, key: `${key}`, value, headers })),
  ).toEqual(events.map((event, offset) => ({ offset: `${offset}`, timestamp: '1764000000000', ...event, headers: {} })))
  expect(batch.readUInt32BE(17)).toBe(crc32C(batch.subarray(21)) >>> 0)
  expect(batch.length).toBe(batch.readInt32BE(8) + 12)
})
