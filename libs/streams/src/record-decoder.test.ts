import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BatchContext, type ByteReader, decodeRecord, quickenRecords } from './record-decoder.js'

const require = createRequire(import.meta.url)
const src = 'kafkajs/src/protocol'
type Decode = (reader: ByteReader, context: BatchContext) => object
const theirs: Decode = require(`${src}/recordBatch/record/v0/decoder`)
const encode: (record: object) => { readonly buffer: Buffer } = require(`${src}/recordBatch/record/v0`)
const Encoder = require(`${src}/encoder`)
const Decoder: new (bytes: Buffer) => ByteReader & { forward(bytes: number): void } = require(`${src}/decoder`)
quickenRecords()

/** A record's bytes, behind their length. */
function reader(bytes: Buffer): ByteReader {
  const own = new Decoder(bytes)
  own.readVarInt()
  return own
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((own) => Buffer.from(own))
const record = fc.record({
  offsetDelta: fc.integer({ min: 0, max: 2 ** 30 }),
  timestampDelta: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.maxSafeInteger()),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(
    fc.constantFrom('a', 'b', 'ü'),
    fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })),
  ),
})
const int64 = (max: bigint) => fc.bigInt({ min: 0n, max }).map(String)
const context = fc.record({
  firstOffset: fc.oneof(int64(10n ** 6n), int64(2n ** 62n)),
  firstTimestamp: fc.oneof(fc.constant('-1'), int64(2n ** 41n), int64(2n ** 62n)),
  maxTimestamp: fc.constantFrom('1764000000000', '-1'),
  timestampType: fc.constantFrom(0, 1),
  isControlBatch: fc.boolean(),
  magicByte: fc.constant(2),
})

test('a record is what kafkajs makes of it', () => {
  fc.assert(
    fc.property(record, context, (own, batch) => {
      const encoded = new Encoder().writeEncoder(encode(own)).buffer as Buffer
      const decoded = decodeRecord(reader(encoded), batch)
      const parts = theirs(reader(encoded), batch)
      expect(
        Object.fromEntries(Object.keys(parts).map((name) => [name, decoded[name as keyof typeof decoded]])),
      ).toEqual(parts)
    }),
    {
      numRuns: 2_000,
      // The sum of a time that was rounded and of one before it once was off by one.
      examples: [
        [
          { offsetDelta: 0, timestampDelta: -2, key: null, value: null, headers: {} },
          {
            firstOffset: '0',
            firstTimestamp: '9007199254740993',
            maxTimestamp: '-1',
            timestampType: 0,
            isControlBatch: false,
            magicByte: 2,
          },
        ],
      ],
    },
  )
})

test('kafkajs uses it from its first fetch on', () => {
  expect(require(`${src}/recordBatch/record/v0/decoder`)).toBe(decodeRecord)
})
