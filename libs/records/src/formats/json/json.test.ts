import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeDecoder } from '../decoder.js'
import { integerOf } from '../integers.js'
import type { PickedValues, RecordDecoder } from '../record-decoder.js'

const decoderOf = (maxRecordBytes: number): RecordDecoder =>
  makeDecoder({ format: 'json', maxRecordBytes, csv: { delimiter: ',' } })
const decode = (text: string) => decoderOf(1_000_000).decode(Buffer.from(text))

test('an integer that is not exact as a number is read as its digits, and text stays as it is', () => {
  const value = fc.oneof(
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.string({ unit: fc.constantFrom(...'0123456789"\\,:-. '), maxLength: 40 }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (record) => {
      const members = Object.entries(record).map(
        ([key, value]) => `${JSON.stringify(key)}:${typeof value === 'bigint' ? `[${value} ]` : JSON.stringify(value)}`,
      )
      const exact = Object.entries(record).map(([key, value]) => [
        key,
        typeof value === 'bigint' ? [integerOf(value)] : value,
      ])
      expect(decode(`{${members.join(',')}}`)).toEqual({ record: Object.fromEntries(exact) })
    }),
  )
})

test.each([
  ['{"id":1152921504606846977}', '1152921504606846977'],
  ['{"id":-1152921504606846977}', '-1152921504606846977'],
  ['{"id":9007199254740991}', 9_007_199_254_740_991],
  ['{"id":9007199254740993}', '9007199254740993'],
  ['{"id":1.1529215046068468}', 1.1529215046068468],
  ['{"id":115292150460684697.5}', 115_292_150_460_684_700],
  ['{"id":1152921504606846977e2}', 1.152921504606847e20],
  ['{"id":1e-0000000000000000001}', 0.1],
])('the id of %s is read as %j, whole or picked', (text, id) => {
  expect(decode(text)).toEqual({ record: { id } })
  const picked = decoderOf(1_000).picker(['id'])(Buffer.from(text)) as PickedValues
  expect(picked.others[0] ?? picked.numbers[0]).toBe(id)
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
