import { deepStrictEqual } from 'node:assert/strict'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { MAX_EXPANDED_BYTES, registerCodecs } from '../connection/compression.js'
import { type ByteReader, decodeBatch, decodeMessages, replaceBatchDecoder } from './batch-decoder.js'
import type { BatchContext, EncodedRecord } from './encoded-record.js'
import { type FetchedRecords, RecordList } from './fetched-records.js'
import { UnreadableRecord } from './unreadable-record.js'

const require = createRequire(import.meta.url)
const src = 'kafkajs/src/protocol'
type WholeBatch = BatchContext & { readonly records: readonly EncodedRecord[] }
type Decode = (reader: ByteReader) => Promise<WholeBatch>
const theirs: Decode = require(`${src}/recordBatch/v0/decoder`)
const encode: (record: object) => unknown = require(`${src}/recordBatch/record/v0`)
const encodeBatch: (batch: object) => Promise<{ readonly buffer: Buffer }> = require(
  `${src}/recordBatch/v0`,
).RecordBatch
const encodeMessageSet: (set: object) => { readonly buffer: Buffer } = require(`${src}/messageSet`)
const Decoder: new (bytes: Buffer) => ByteReader = require(`${src}/decoder`)
const theirMessages: (response: ByteReader) => Promise<unknown[]> = require(`${src}/requests/fetch/v4/decodeMessages`)
const Batch: new (
  topic: string,
  fetchedOffset: string,
  partition: object,
) => {
  readonly messages: readonly EncodedRecord[]
  isEmptyDueToFiltering(): boolean
  lastOffset(): string
} = require('kafkajs/src/consumer/batch')
registerCodecs()
replaceBatchDecoder()

const decodeWhole: Decode = async (reader) => {
  const { context, records } = (await decodeBatch(reader))!
  return { ...context, records: new RecordList([records], () => {}).map((record) => record as EncodedRecord) }
}

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
/** Batch attributes that no producer sets: log append time, control batch. */
const FLAGS = fc.constantFrom(0, 0x8, 0x20, 0x28)
const ATTRIBUTES_AT = 22

/** The bytes of a batch, followed by some of another. */
async function encoded({ records, ...rest }: { readonly records: readonly object[] }, flags: number): Promise<Buffer> {
  const { buffer } = await encodeBatch({ ...rest, records: records.map(encode) })
  buffer[ATTRIBUTES_AT]! |= flags
  return Buffer.concat([buffer, Buffer.from('what comes next')])
}

/** Compares part by part, because a decoded record reads its parts on access, and its headers have no prototype. */
function partsOf({ records, ...batch }: WholeBatch, names: readonly string[]) {
  const parts = records.map((own) => ({
    ...Object.fromEntries(names.map((name) => [name, own[name as keyof typeof own]])),
    headers: { ...own.headers },
  }))
  return { ...batch, records: parts }
}

/** Parts that kafkajs's consumer does not read, and the batch, which is compared below. */
const NOT_READ = ['attributes', 'magicByte', 'batchContext']
const NOT_READ_OF_BATCH = ['partitionLeaderEpoch', 'producerEpoch', 'firstSequence']

test('a batch is decoded to the same records as by kafkajs', async () => {
  await fc.assert(
    fc.asyncProperty(batch, FLAGS, async (own, flags) => {
      const buffer = await encoded(own, flags)
      const [reader, theirReader] = [new Decoder(buffer), new Decoder(buffer)]
      const decoded = await decodeWhole(reader)
      const expected = await theirs(theirReader)
      for (const name of NOT_READ_OF_BATCH) Reflect.deleteProperty(expected, name)
      const names = Object.keys(expected.records[0] ?? {}).filter((name) => !NOT_READ.includes(name))
      // Vitest's toEqual compares buffers number by number, which would take most of the time.
      deepStrictEqual(partsOf(decoded, names), partsOf(expected, names))
      deepStrictEqual(
        decoded.records.map(({ timestampMs }) => timestampMs),
        expected.records.map(({ timestamp }) => Number(timestamp)),
      )
      for (const { value, valueIn } of decoded.records) {
        deepStrictEqual(valueIn?.bytes.subarray(valueIn.from, valueIn.end) ?? null, value)
      }
      const { records: _, ...context } = decoded
      for (const { batchContext } of decoded.records) deepStrictEqual({ ...batchContext }, context)
      deepStrictEqual(reader.offset, theirReader.offset)
    }),
    { numRuns: 500 },
  )
})

const NOTHING_SPECIAL = {
  ...{ firstOffset: 0n, maxTimestamp: -1n, partitionLeaderEpoch: 0, lastOffsetDelta: 0, transactional: false },
  ...{ producerId: -1n, producerEpoch: -1, firstSequence: -1, compression: 0 },
}
const PLAIN = { offsetDelta: 0, timestampDelta: 0, key: null, value: null, headers: {} }

test('the sum of a time beyond 2^53 and a negative delta is exact', async () => {
  const records = [{ ...PLAIN, timestampDelta: -2 }]
  const buffer = await encoded({ ...NOTHING_SPECIAL, firstTimestamp: 9_007_199_254_740_993n, records } as never, 0)
  const { records: decoded } = await decodeWhole(new Decoder(buffer))
  expect(decoded[0]!.timestamp).toBe('9007199254740991')
})

/** The part of a fetch response for one partition. */
function fetched(...batches: readonly Buffer[]): ByteReader {
  const size = Buffer.alloc(4)
  size.writeInt32BE(batches.reduce((sum, { length }) => sum + length, 0))
  return new Decoder(Buffer.concat([size, ...batches, Buffer.from('next partition')]))
}

async function aBatch(firstOffset: bigint, values: readonly string[]): Promise<Buffer> {
  const records = values.map((value, offsetDelta) => encode({ ...PLAIN, offsetDelta, value: Buffer.from(value) }))
  const batch = { ...NOTHING_SPECIAL, firstOffset, firstTimestamp: 0n, lastOffsetDelta: values.length - 1, records }
  return (await encodeBatch(batch)).buffer
}

function inMemoryOfItsOwn(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}

/** Recompresses a batch of uncompressed records with gzip. */
function gzipped(batch: Buffer): Buffer {
  const body = gzipSync(batch.subarray(61))
  const header = Buffer.from(batch.subarray(0, 61))
  header.writeInt32BE(61 - 12 + body.length, 8)
  header[ATTRIBUTES_AT]! |= 1
  return Buffer.concat([header, body])
}

test('a truncated batch is left for the next fetch, as in kafkajs', async () => {
  const [whole, next] = [await aBatch(0n, ['a', 'b']), await aBatch(2n, ['c'])]
  for (const missing of [1, 20, 60, 61]) {
    const [ours, others] = [1, 2].map(() => fetched(whole, next.subarray(0, -missing)))
    const [found, expected] = [await decodeMessages(ours!), await theirMessages(others!)]
    expect(found.map((record) => String((record as EncodedRecord).value))).toEqual(['a', 'b'])
    expect(found).toHaveLength(expected.length)
    expect(ours!.offset).toBe(others!.offset)
  }
  expect(await decodeMessages(fetched())).toEqual([])
})

test('kafkajs leaves out the same records before the requested offset, and of aborted transactions', async () => {
  const batches = [await aBatch(0n, ['a', 'b']), await aBatch(2n, ['c', 'd']), await aBatch(4n, ['e'])]
  batches[1]![ATTRIBUTES_AT]! |= 0x10
  for (const from of ['0', '1', '2', '5', '9']) {
    for (const abortedTransactions of [[], [{ producerId: '-1', firstOffset: '2' }]]) {
      const kept = async (decode: (response: ByteReader) => Promise<unknown>) => {
        const messages = await decode(fetched(...batches))
        const batch = new Batch('t', from, { partition: 0, highWatermark: '5', messages, abortedTransactions })
        return [batch.messages.map(({ offset }) => offset), batch.lastOffset()]
      }
      expect(await kept(decodeMessages)).toEqual(await kept(theirMessages))
    }
  }
})

test('a batch that compaction has emptied is passed over (kafkajs fetched it forever)', async () => {
  const empty = await aBatch(0n, [])
  empty.writeInt32BE(9, 23)
  const batchOf = async (...batches: readonly Buffer[]) => {
    const messages = await decodeMessages(fetched(...batches))
    return new Batch('t', '0', { partition: 0, highWatermark: '20', messages })
  }
  const alone = await batchOf(empty)
  expect([alone.isEmptyDueToFiltering(), alone.lastOffset()]).toEqual([true, '9'])
  const followed = await batchOf(empty, await aBatch(10n, ['a']))
  expect(followed.messages.map(({ offset }) => offset)).toEqual(['10'])
})

test('a batch whose last records compaction has removed is passed over to its end (kafkajs fetched it once for each of them)', async () => {
  const whole = await aBatch(0n, ['a', 'b'])
  const cut = await aBatch(0n, ['a', 'b'])
  cut.writeInt32BE(9, 23)
  const empty = await aBatch(9n, [])
  empty.writeInt32BE(0, 23)
  const offsetsOf = async (batch: Buffer) => (await decodeMessages(fetched(batch))).map(({ offset }) => offset)
  expect(await offsetsOf(whole)).toEqual(['0', '1'])
  expect(await offsetsOf(cut)).toEqual(['0', '1', '9'])
  expect(await offsetsOf(empty)).toEqual(['9'])
  const read = async (from: string) => {
    const messages = await decodeMessages(fetched(cut))
    const batch = new Batch('t', from, { partition: 0, highWatermark: '20', messages })
    return [batch.messages.map(({ offset }) => offset), batch.isEmptyDueToFiltering(), batch.lastOffset()]
  }
  expect(await read('0')).toEqual([['0', '1'], false, '9'])
  expect(await read('2')).toEqual([[], true, '9'])
})

test('released records are freed, also those of a compressed batch', async ({ skip }) => {
  if (!('transfer' in ArrayBuffer.prototype)) skip('Node 20 cannot free the memory of a buffer')
  const { buffer } = fetched(await aBatch(0n, ['a']), gzipped(await aBatch(1n, ['b'.repeat(100_000)])))
  const response = new Decoder(inMemoryOfItsOwn(buffer))
  const records = (await decodeMessages(response)) as FetchedRecords
  const values = records.map((record) => (record as EncodedRecord).value!)
  expect(values.map(({ length }) => length)).toEqual([1, 100_000])
  records.release()
  expect(values.map(({ length }) => length)).toEqual([0, 0])
})

test('records in a message set stay readable when another partition of the response is released (their bytes were freed)', async () => {
  const set = encodeMessageSet({ messageVersion: 1, entries: [{ key: 'k', value: 'old', timestamp: 0 }] }).buffer
  const parts = [fetched(set), fetched(await aBatch(0n, ['new']))].map(({ buffer }) => buffer.subarray(0, -14))
  const response = new Decoder(inMemoryOfItsOwn(Buffer.concat(parts)))
  const [old] = await decodeMessages(response)
  const records = (await decodeMessages(response)) as FetchedRecords
  const transfer = vi.fn()
  Object.assign(response.buffer.buffer, { transfer })
  records.release()
  expect(transfer).not.toHaveBeenCalled()
  expect(String(old!.value)).toBe('old')
})

test('kafkajs uses the decoder from its first fetch on', () => {
  expect(require(`${src}/requests/fetch/v4/decodeMessages`)).toBe(decodeMessages)
})

test('issue 17.19: the records of a batch that expands too much have their positions and the reason, and other batches are read', async () => {
  const blanks = gzipped(await aBatch(7n, ['small', ' '.repeat(MAX_EXPANDED_BYTES), 'small']))
  const around = [await aBatch(0n, ['before']), blanks, await aBatch(10n, ['after'])]
  const records = [...(await decodeMessages(fetched(...around.slice(0, 2))))]
  expect((records[0] as EncodedRecord).value).toEqual(Buffer.from('before'))
  for (const [place, record] of (records.slice(1) as UnreadableRecord[]).entries()) {
    expect(record).toBeInstanceOf(UnreadableRecord)
    expect(record).toMatchObject({ offset: String(7 + place), key: null, value: null, isControlRecord: false })
    expect(record.why).toMatch(/at most 33554432 bytes .* that of offsets 7 to 9 has more$/)
  }
  expect(records).toHaveLength(4)
  const behind = await decodeMessages(fetched(around[2]!))
  expect(String((behind[0] as EncodedRecord).value)).toBe('after')
})

test('issue 17.19: a partition and a response are read within their budgets, and the rest is left for the next fetch', async () => {
  const large = gzipped(await aBatch(0n, [' '.repeat(20_000_000)]))
  const one = new Decoder(Buffer.concat([1, 2, 3, 4].map(() => fetched(large, large, large).buffer.subarray(0, -14))))
  const counts: number[] = []
  for (let partition = 0; partition < 4; partition++) counts.push((await decodeMessages(one)).length)
  expect(counts).toEqual([2, 2, 0, 0])
  expect(one.offset).toBe(one.buffer.length)
})

test('issue 17.19: a batch of too many records is not expanded; its last record represents all', async () => {
  const batch = gzipped(await aBatch(0n, ['x']))
  batch.writeInt32BE(2_000_000, 57)
  batch.writeInt32BE(1_999_999, 23)
  const records = [...(await decodeMessages(fetched(batch)))]
  expect(records).toHaveLength(1)
  expect(records[0]).toMatchObject({ offset: '1999999', why: expect.stringMatching(/offsets 0 to 1999999 has more/) })
})

test('issue 17.17: repeated headers become a list in linear time, and a name of Object.prototype is like any other', async () => {
  const many = { ...PLAIN, headers: { trace: Array.from({ length: 200_000 }, () => Buffer.from('t')) } }
  const odd = Object.assign(Object.create(null), { constructor: Buffer.from('a'), toString: Buffer.from('b') })
  const records = [many, { ...PLAIN, headers: odd }]
  const buffer = await encoded({ ...NOTHING_SPECIAL, firstTimestamp: 0n, records } as never, 0)
  const [first, second] = (await decodeWhole(new Decoder(buffer))).records
  expect(first!.headerList).toHaveLength(200_000)
  expect(first!.headers.trace).toHaveLength(200_000)
  expect(second!.headerList).toEqual([
    ['constructor', Buffer.from('a')],
    ['toString', Buffer.from('b')],
  ])
})
