import { describe, expect, it, test } from 'vitest'
import { makeDecoder } from './decoder.js'
import { jsonPicker } from './json-picker.js'
import type { Picked } from './record-decoder.js'

const KEYS = ['a', 'b', 'Größe', '', '__proto__', 'absent']
const pick = jsonPicker(KEYS)

/** What the picker took, or null where it left it. */
function picked(text: string | Buffer): unknown[] | null {
  const taken = { numbers: new Float64Array(KEYS.length), others: [] }
  return pick(Buffer.from(text as string), taken) ? valuesOf(taken) : null
}

function valuesOf({ numbers, others }: Picked): unknown[] {
  return KEYS.map((_, place) => (Number.isNaN(numbers[place]) ? others[place] : numbers[place]))
}

/** The same by JSON.parse. */
function parsed(text: string): unknown[] {
  const record = JSON.parse(text) as object
  return KEYS.map((key) => Object.getOwnPropertyDescriptor(record, key)?.value)
}

describe('what the picker takes by itself', () => {
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
    expect(isSame(picked(text), parsed(text))).toBe(true)
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

test('one picker reads records whose keys come and go, and in any order', () => {
  for (const text of ['{"a":1,"b":2}', '{"b":2,"a":1}', '{"c":0,"a":1}', '{"aa":0,"b":2}', '{"a":1,"b":2}']) {
    expect(picked(text)).toEqual(parsed(text))
  }
})

test('a key that is no UTF-8 is no key the second time either', () => {
  const broken = Buffer.from('{"a\xff":1}', 'latin1')
  expect([picked(broken), picked(broken)]).toEqual([null, null])
})

/** `FUZZ_DOCUMENTS=1000000 npx vitest …` for the long run. */
const DOCUMENTS = Number(process.env.FUZZ_DOCUMENTS ?? 20_000)

test(`of ${DOCUMENTS} generated documents, whole and broken, picking and decoding say the same`, {
  timeout: 600_000,
}, () => {
  const chance = makeChance(7)
  const decoder = makeDecoder({ format: 'json', maxRecordBytes: 1_000_000, csv: { delimiter: ',' } })
  const pickAll = decoder.picker(KEYS)
  let quick = 0
  let bytes = aDocument(chance)
  for (let n = 0; n < DOCUMENTS; n++) {
    if (chance(5) > 0) bytes = aDocument(chance)
    const decoded = decoder.decode(bytes)
    const found = pickAll(bytes)
    if (!('record' in decoded)) {
      if (picked(bytes) !== null || !isSame(found, decoded)) expect.fail(`not refused: ${bytes}`)
      continue
    }
    const wanted = KEYS.map((key) => Object.getOwnPropertyDescriptor(decoded.record, key)?.value)
    if ('reason' in found || !isSame(valuesOf(found), wanted)) expect.fail(`${JSON.stringify(found)} of ${bytes}`)
    if (picked(bytes) !== null) quick += 1
  }
  expect(quick).toBeGreaterThan(0.3 * DOCUMENTS)
})

/** Deep, and −0 is not 0. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other)
  const [mine, theirs] = [Object.entries(one), Object.entries(other)]
  return (
    mine.length === theirs.length &&
    mine.every(([key, value], at) => theirs[at]![0] === key && isSame(value, theirs[at]![1]))
  )
}

type Chance = (below: number) => number

/** mulberry32 */
function makeChance(seed: number): Chance {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** A JSON object; of three documents one has a few of its bytes changed, lost or doubled. */
function aDocument(chance: Chance): Buffer {
  const bytes = Buffer.from(anObject(chance, 3))
  if (chance(3) > 0) return bytes
  const broken = [...bytes]
  for (let changes = 1 + chance(3); changes > 0; changes--) {
    const at = chance(broken.length)
    const with_ = [chance(256), 0x22, 0x2c, 0x7d, 0x30, 0x5c][chance(6)]!
    broken.splice(at, chance(2), ...(chance(2) === 0 ? [with_] : []))
  }
  return Buffer.from(broken)
}

function anObject(chance: Chance, depth: number): string {
  const members = Array.from({ length: chance(5) }, () => {
    const key = chance(20) === 0 ? aString(chance) : JSON.stringify([...KEYS, 'c', 'aa'][chance(KEYS.length + 2)])
    return `${key}${aSpace(chance)}:${aSpace(chance)}${aValue(chance, depth)}${aSpace(chance)}`
  })
  return `{${aSpace(chance)}${members.join(`,${aSpace(chance)}`)}}`
}

function aValue(chance: Chance, depth: number): string {
  const kind = chance(depth > 0 ? 12 : 10)
  if (kind < 6) return aNumber(chance)
  if (kind < 8) return aString(chance)
  if (kind < 10) return ['true', 'false', 'null'][chance(3)]!
  if (kind === 10) return anObject(chance, depth - 1)
  return `[${Array.from({ length: chance(4) }, () => aValue(chance, depth - 1)).join(',')}]`
}

function aNumber(chance: Chance): string {
  const digits = (most: number) => Array.from({ length: 1 + chance(most) }, () => chance(10)).join('')
  const whole =
    chance(4) === 0 ? '0' : String(1 + chance(9)) + (chance(3) === 0 ? '' : digits(chance(5) === 0 ? 25 : 6))
  const fraction = chance(2) === 0 ? '' : `.${digits(chance(5) === 0 ? 25 : 7)}`
  const exponent =
    chance(5) > 0 ? '' : `${'eE'[chance(2)]}${['', '+', '-'][chance(3)]}${digits(chance(5) === 0 ? 3 : 2)}`
  return `${chance(3) === 0 ? '-' : ''}${whole}${fraction}${exponent}`
}

function aString(chance: Chance): string {
  const pieces = ['a', 'B7', ' ', 'ü', '日', '🎈', '{', ':', '\\n', '\\"', '\\u00e9', '\\ud83c']
  const plain = chance(4) > 0 ? 8 : pieces.length
  return `"${Array.from({ length: chance(8) }, () => pieces[chance(plain)]).join('')}"`
}

function aSpace(chance: Chance): string {
  return chance(6) === 0 ? [' ', '\n', '\t', '\r', '  '][chance(5)]! : ''
}
