import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeDecoder } from './decoder.js'
import type { RecordDecoder } from './record-decoder.js'

const decoderOf = (maxRecordBytes: number): RecordDecoder =>
  makeDecoder({ format: 'json', maxRecordBytes, csv: { delimiter: ',' } })
const decode = (text: string) => decoderOf(1_000_000).decode(Buffer.from(text))

test('any JSON object is read back as it was written', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
      expect(decode(JSON.stringify(record))).toEqual({ record: JSON.parse(JSON.stringify(record)) })
    }),
  )
})

test('any bytes give a record or a rejection, never an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const decoded = decoderOf(48).decode(Buffer.from(bytes))
      expect('record' in decoded || ['empty', 'too_large', 'undecodable'].includes(decoded.reason)).toBe(true)
    }),
  )
})

test.each([
  ['a tombstone', null, 'empty'],
  ['no bytes', Buffer.alloc(0), 'empty'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'undecodable'],
  ['broken JSON', Buffer.from('{"delay": 3'), 'undecodable'],
  ['a bare number', Buffer.from('3'), 'undecodable'],
  ['an array', Buffer.from('[{"delay":3}]'), 'undecodable'],
  ['null', Buffer.from('null'), 'undecodable'],
  ['more bytes than allowed', Buffer.from(JSON.stringify({ text: 'x'.repeat(200) })), 'too_large'],
])('%s is rejected', (_, value, reason) => {
  expect(decoderOf(128).decode(value)).toMatchObject({ reason, detail: expect.stringMatching(/^.{5,250}$/) })
})

test('a record of exactly the allowed size is accepted', () => {
  const value = Buffer.from('{"delay":3}')
  expect(decoderOf(value.length).decode(value)).toEqual({ record: { delay: 3 } })
})

test("Confluent's frame before the JSON is skipped", () => {
  expect(decode('\0\0\0\0\u0007{"delay":3}')).toEqual({ record: { delay: 3 } })
  expect(decode('\0\0\0\0\u0007')).toMatchObject({ reason: 'undecodable' })
})

test('a byte order mark is skipped', () => {
  expect(decode('\ufeff{"delay":3}')).toEqual({ record: { delay: 3 } })
})

test('nesting that Postgres cannot store is rejected, and brackets inside strings do not count', () => {
  const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
  expect(decode(nested(499))).toHaveProperty('record')
  expect(decode(nested(500))).toMatchObject({ reason: 'undecodable', detail: 'a record nests at most 500 levels deep' })
  expect(decode(nested(200_000))).toMatchObject({ reason: 'undecodable' })
  expect(decode(JSON.stringify({ a: `${'['.repeat(600)}"\\` }))).toHaveProperty('record')
})
