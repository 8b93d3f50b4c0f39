import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ByteReader, type DecodedBatch, decodeBatch, quickenRecords } from './batch-decoder.js'

const require = createRequire(import.meta.url)
const src = 'kafkajs/src/protocol'
type Decode = (reader: ByteReader) => Promise<DecodedBatch>
const theirs: Decode = require(`${src}/recordBatch/v0/decoder`)
const encode: (record: object) => unknown = require(`${src}/recordBatch/record/v0`)
const encodeBatch: (batch: object) => Promise<{ readonly buffer: Buffer }> = require(
  `${src}/recordBatch/v0`,
).RecordBatch
const Decoder: new (bytes: Buffer) => ByteReader = require(`${src}/decoder`)
quickenRecords()

const bytes = fc.uint8Array({ maxLength: 300 }).map((own) => Buffer.from(own))
const record = fc.record({
  offsetDelta: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })),
  timestampDelta: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.maxSafeInteger()),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(
    fc.constantFrom('a', 'b', 'ü', ''),
    fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })),
  ),
})
const int64 = (max: bigint) => fc.bigInt({ min: 0n, max })
const batch = fc.record({
  records: fc.array(record, { maxLength: 5 }),
  compression: fc.constantFrom(0, 1),
  firstOffset: fc.oneof(int64(10n ** 6n), int64(2n ** 62n)),
  firstTimestamp: fc.oneof(fc.constant(-1n), int64(2n ** 41n), int64(2n ** 62n)),
  maxTimestamp: fc.constantFrom(1_764_000_000_000n, -1n),
  partitionLeaderEpoch: fc.integer({ min: -1, max: 9 }),
  lastOffsetDelta: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  transactional: fc.boolean(),
  producerId: fc.constantFrom(-1n, 7n, 2n ** 40n),
  producerEpoch: fc.integer({ min: -1, max: 9 }),
  firstSequence: fc.integer({ min: -1, max: 9 }),
})
/** Of a batch's attributes those that no producer sets: time of the log's appending, control batch. */
const FLAGS = fc.constantFrom(0, 0x8, 0x20, 0x28)
const ATTRIBUTES_AT = 22

/** A batch's bytes, and some of another behind it. */
async function encoded({ records, ...rest }: { readonly records: readonly object[] }, flags: number): Promise<Buffer> {
  const { buffer } = await encodeBatch({ ...rest, records: records.map(encode) })
  buffer[ATTRIBUTES_AT]! |= flags
  return Buffer.concat([buffer, Buffer.from('what comes next')])
}

/** Part by part: a record of ours has them when they are asked for. */
function partsOf({ records, ...batch }: DecodedBatch, names: readonly string[]) {
  const parts = records.map((own) => Object.fromEntries(names.map((name) => [name, own[name as keyof typeof own]])))
  return { ...batch, records: parts }
}

test('a batch and its records are what kafkajs makes of them', async () => {
  await fc.assert(
    fc.asyncProperty(batch, FLAGS, async (own, flags) => {
      const buffer = await encoded(own, flags)
      const [reader, theirReader] = [new Decoder(buffer), new Decoder(buffer)]
      const decoded = await decodeBatch(reader)
      const expected = await theirs(theirReader)
      const names = Object.keys(expected.records[0] ?? {}).filter((name) => name !== 'batchContext')
      expect(partsOf(decoded, names)).toEqual({ ...partsOf(expected, names), magicByte: 2 })
      expect(decoded.records.map(({ timestampMs }) => timestampMs)).toEqual(
        expected.records.map(({ timestamp }) => Number(timestamp)),
      )
      const { records: _, ...context } = decoded
      for (const { batchContext } of decoded.records) expect({ ...batchContext }).toEqual(context)
      expect(reader.offset).toBe(theirReader.offset)
    }),
    { numRuns: 2_000 },
  )
})

const NOTHING_SPECIAL = {
  ...{ firstOffset: 0n, maxTimestamp: -1n, partitionLeaderEpoch: 0, lastOffsetDelta: 0, transactional: false },
  ...{ producerId: -1n, producerEpoch: -1, firstSequence: -1, compression: 0 },
}
const PLAIN = { offsetDelta: 0, timestampDelta: 0, key: null, value: null, headers: {} }

test('the sum of a time that a number rounds and of one before it is exact', async () => {
  const records = [{ ...PLAIN, timestampDelta: -2 }]
  const buffer = await encoded({ ...NOTHING_SPECIAL, firstTimestamp: 9_007_199_254_740_993n, records } as never, 0)
  const { records: decoded } = await decodeBatch(new Decoder(buffer))
  expect(decoded[0]!.timestamp).toBe('9007199254740991')
})

test('a batch whose end is missing is passed by, as kafkajs does', async () => {
  const whole = await encoded({ ...NOTHING_SPECIAL, firstTimestamp: 0n, records: [PLAIN] } as never, 0)
  const cut = whole.subarray(0, 62)
  await expect(theirs(new Decoder(cut))).rejects.toThrow(
    expect.objectContaining({ name: 'KafkaJSPartialMessageError' }),
  )
  await expect(decodeBatch(new Decoder(cut))).rejects.toThrow(
    expect.objectContaining({ name: 'KafkaJSPartialMessageError' }),
  )
})

test('kafkajs uses it from its first fetch on', () => {
  expect(require(`${src}/recordBatch/v0/decoder`)).toBe(decodeBatch)
})

test('issue 17.17: headers of one name are a list, in linear time, and a name of Object.prototype is like any other', async () => {
  const many = { ...PLAIN, headers: { trace: Array.from({ length: 200_000 }, () => Buffer.from('t')) } }
  const odd = Object.assign(Object.create(null), { constructor: Buffer.from('a'), toString: Buffer.from('b') })
  const records = [many, { ...PLAIN, headers: odd }]
  const buffer = await encoded({ ...NOTHING_SPECIAL, firstTimestamp: 0n, records } as never, 0)
  const [first, second] = (await decodeBatch(new Decoder(buffer))).records
  expect(first!.headerList).toHaveLength(200_000)
  expect(first!.headers.trace).toHaveLength(200_000)
  expect(second!.headerList).toEqual([
    ['constructor', Buffer.from('a')],
    ['toString', Buffer.from('b')],
  ])
})
