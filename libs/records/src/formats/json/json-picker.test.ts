import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, test, vi } from 'vitest'
import { parseJson } from '../integers.js'
import type { PickedValues } from '../record-decoder.js'
import { jsonPicker } from './json-picker.js'

const KEYS = ['a', 'b', 'Größe', '', '__proto__', 'absent']
const pick = jsonPicker(KEYS)

/** The values that the picker took, or null if it left the document to JSON.parse. */
function picked(text: string | Buffer): unknown[] | null {
  const bytes = Buffer.from(text as string)
  const taken = pick(bytes, 0, bytes.length)
  return taken && valuesOf(taken)
}

function valuesOf({ numbers, others }: PickedValues): unknown[] {
  return KEYS.map((_, place) => (Number.isNaN(numbers[place]) ? others[place] : numbers[place]))
}

/** The same values of the whole document. */
function parsed(text: string): unknown[] {
  const record = parseJson(text) as object
  return KEYS.map((key) => Object.getOwnPropertyDescriptor(record, key)?.value)
}

describe('documents that the picker reads without JSON.parse', () => {
  it.each([
    '{}',
    ' {\t"a" : 1 ,\r\n"b":\n-2.5e-3 } ',
    '{"b":true,"a":false,"x":null,"Größe":null}',
    '{"a":"plain","b":"größer 日本 🎈","":"nameless"}',
    '{"a":{"deep":[1,{"x":"y"},[]],"empty":{}},"skipped":[[],{},"a"],"b":[]}',
    '{"a":1,"a":2,"b":3,"b":null}',
    '{"__proto__":{"a":5}}',
    '{"a":0,"b":-0}',
    '{"a":9007199254740993,"b":0.1e1}',
    '{"a":123456789012345678901234567890,"b":1e400}',
    '{"a":1.7976931348623157e308,"b":5e-324}',
    '{"a":0.1,"b":123456.789e-22}',
  ])('%s', (text) => {
    expect(picked(text)).toEqual(parsed(text))
  })
})

test.each([
  ['an escape', '{"a":"\\n"}'],
  ['an escape in a key', '{"\\u0061":1}'],
  ['nesting without end', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['no object', '[1]'],
  ['a number that begins with 0', '{"a":01}'],
  ['a number without digits', '{"a":-}'],
  ['a fraction without digits', '{"a":1.}'],
  ['an exponent without digits', '{"a":1e+}'],
  ['a plus', '{"a":+1}'],
  ['a comma too many', '{"a":1,}'],
  ['a comma too few', '{"a":1 "b":2}'],
  ['what comes behind', '{"a":1}x'],
  ['an end too early', '{"a":1'],
  ['a string without an end', '{"a":"x'],
  ['a control character', '{"a":"\u0001"}'],
  ['a word cut short', '{"a":tru}'],
  ['bytes that are no UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
  ['nothing', ''],
])('%s is left to JSON.parse', (_, text) => {
  expect(picked(text)).toBe(null)
})

// Digits and characters are read eight at a time.
test.each(Array.from({ length: 25 }, (_, length) => length))('numbers and strings of %i characters', (length) => {
  const digits = '12345678901234567890123456'.slice(0, length)
  const numbers = [
    `0.0${digits}`,
    `-${length}.5${digits}`,
    `1${digits}`,
    `9.${digits}0e-${length}`,
    `1${digits}E+${length}`,
  ]
  const letters = 'abcdefghijklmnopqrstuvwxyz'.slice(0, length)
  const values = [...numbers, ...[letters, `${letters}é`, `é${letters}`].map((text) => JSON.stringify(text))]
  for (const value of values) {
    for (const text of [`{"a":${value}}`, `{"a":${value},"b":7}`, `{"b":[${value} ],"a":${value}\n}`]) {
      expect(picked(text), text).toEqual(parsed(text))
    }
  }
  for (const text of ['x', '/', ':', '\u007f'].map((other) => `{"a":1.5${digits}${other}}`))
    expect(picked(text)).toBe(null)
  for (const text of ['\\n', '\u001f', '\u0000', '\t'].map((other) => `{"a":"${letters}${other}"}`))
    expect(picked(text)).toBe(null)
})

test('a document of more than a MiB is left to JSON.parse', () => {
  const ofLength = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`
  expect(picked(ofLength(2 ** 20))).toEqual(parsed(ofLength(2 ** 20)))
  expect(picked(ofLength(2 ** 20 + 1))).toBe(null)
})

test('one picker reads records with different keys in any order', () => {
  for (const text of ['{"a":1,"b":2}', '{"b":2,"a":1}', '{"c":0,"a":1}', '{"aa":0,"b":2}', '{"a":1,"b":2}']) {
    expect(picked(text)).toEqual(parsed(text))
  }
})

test('a document ends at its given end, before any bytes', () => {
  const bytes = Buffer.from('{"a":12}\n{"a":3}, "b":4}')
  const ends = Array.from(bytes.keys()).filter((end) => pick(bytes, 0, end) !== null)
  expect(ends).toEqual([8, 9])
  expect(pick(bytes, 9, 16)?.numbers[0]).toBe(3)
})

test('issue 17.25: long keys are read and not cached', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const pickAny = jsonPicker(['a'])
  const longKey = 'k'.repeat(LONG_KEY_BYTES)
  const heldBytes = () => {
    collectGarbage()
    return process.memoryUsage().arrayBuffers
  }
  const before = heldBytes()
  for (let nth = 50; nth > 0; nth--) {
    const members = Array.from({ length: nth }, (_, at) => `"${at}":0,`).join('')
    const bytes = Buffer.from(`{"a":${nth},${members}"${longKey}":0}`)
    expect(pickAny(bytes, 0, bytes.length)?.numbers[0]).toBe(nth)
  }
  // A buffer's memory is freed some time after its collection.
  await vi.waitFor(() => expect(heldBytes() - before).toBeLessThan(10 * LONG_KEY_BYTES), { timeout: 10_000 })
})

const LONG_KEY_BYTES = 2 ** 18

test('a key that is not UTF-8 is also rejected the second time', () => {
  const broken = Buffer.from('{"a\xff":1}', 'latin1')
  expect([picked(broken), picked(broken)]).toEqual([null, null])
})
