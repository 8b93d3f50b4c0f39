import { makeDecoder } from '../../../libs/records/src/formats/decoder.js'
import { mutate, type Random } from '../random.js'
import { expectSame } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

/** Documents that one decoder and one picker read in turn, because a picker caches the keys of earlier ones. */
const target: FuzzTarget<readonly Buffer[]> = {
  rule: 'JSON decodes, as a whole or only some keys, to the value of JSON.parse, or to the digits of a long integer',
  generate: (random) => {
    const documents: Buffer[] = []
    for (let count = random.between(1, 6); count > 0; count--) {
      const last = documents.at(-1)
      if (last !== undefined && random.oneIn(3)) documents.push(mutate(random, last, LIKELY))
      else documents.push(aDocument(random))
    }
    return documents
  },
  check: (documents) => {
    const decoder = makeDecoder({ format: 'json', maxRecordBytes: 1_000_000, csv: { delimiter: ',' } })
    const pick = decoder.picker(KEYS)
    for (const bytes of documents) {
      const expected = parse(bytes)
      const decoded = decoder.decode(bytes)
      const picked = pick(bytes)
      if (expected === null) {
        if ('record' in decoded) throw new WrongValue(`decoded bytes that are not a JSON object: ${bytes}`)
        if ('numbers' in picked) throw new WrongValue(`picked from bytes that are not a JSON object: ${bytes}`)
        continue
      }
      expectSame(asNumbers(decoded), { record: expected }, 'decode')
      if ('reason' in picked) throw new WrongValue(`picker rejected ${bytes}: ${picked.detail}`)
      const values = KEYS.map((_, place) =>
        Number.isNaN(picked.numbers[place]) ? picked.others[place] : picked.numbers[place],
      )
      const wanted = KEYS.map((key) => Object.getOwnPropertyDescriptor(expected, key)?.value)
      expectSame(asNumbers(values), wanted, 'picker')
    }
  },
}
export default target

const KEYS = ['a', 'b', 'Größe', '', '__proto__', 'constructor', 'toString', 'absent']
const LIKELY = Buffer.from('",}]0\\{[:-.e\0 \xff', 'latin1')
const MAX_DEPTH = 500

/** The reference: null if the bytes are not an object of at most MAX_DEPTH levels. */
function parse(bytes: Buffer): object | null {
  const body = bytes[0] === 0 && bytes.length > 5 ? bytes.subarray(5) : bytes
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null && !Array.isArray(value) && isShallow(value, MAX_DEPTH)
      ? value
      : null
  } catch {
    return null
  }
}

/** Replaces the digits of long integers by their numbers; the generated strings are shorter. */
function asNumbers(value: unknown): unknown {
  if (typeof value === 'string') return /^-?\d{16,39}$/.test(value) ? Number(value) : value
  if (Array.isArray(value)) return value.map(asNumbers)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asNumbers(inner)]))
}

function isShallow(value: object, levels: number): boolean {
  return Object.values(value).every(
    (inner) => typeof inner !== 'object' || inner === null || (levels > 1 && isShallow(inner, levels - 1)),
  )
}

function aDocument(random: Random): Buffer {
  if (random.oneIn(30)) return Buffer.from(nested(random))
  const text = Buffer.from(anObject(random, 3))
  if (random.oneIn(15)) return Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), text])
  if (random.oneIn(15)) return Buffer.concat([Buffer.from('\ufeff'), text])
  return random.oneIn(3) ? mutate(random, text, LIKELY) : text
}

function nested(random: Random): string {
  const levels = random.pick([30, 31, 32, 33, 499, 500, 501, 2_000])
  return `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
}

function anObject(random: Random, depth: number): string {
  const members = random.list(5, () => {
    const key = random.oneIn(20) ? aString(random) : JSON.stringify(random.pick([...KEYS, 'c', 'aa']))
    return `${key}${aSpace(random)}:${aSpace(random)}${aValue(random, depth)}${aSpace(random)}`
  })
  return `{${aSpace(random)}${members.join(`,${aSpace(random)}`)}}`
}

function aValue(random: Random, depth: number): string {
  const kind = random.below(depth > 0 ? 12 : 10)
  if (kind < 6) return aNumber(random)
  if (kind < 8) return aString(random)
  if (kind < 10) return random.pick(['true', 'false', 'null'])
  return kind === 10 ? anObject(random, depth - 1) : `[${random.list(4, () => aValue(random, depth - 1)).join(',')}]`
}

function aNumber(random: Random): string {
  const digits = (most: number) => Array.from({ length: random.between(1, most) }, () => random.below(10)).join('')
  const whole = random.oneIn(4) ? '0' : `${random.between(1, 9)}${random.oneIn(3) ? '' : digits(random.pick([6, 25]))}`
  const fraction = random.oneIn(2) ? '' : `.${digits(random.pick([7, 25]))}`
  const exponent = random.oneIn(5) ? `${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${digits(3)}` : ''
  return `${random.oneIn(3) ? '-' : ''}${whole}${fraction}${exponent}`
}

const PLAIN = ['a', 'B7', ' ', 'ü', '日', '🎈', '{', ':']
const ESCAPES = ['\\n', '\\"', '\\u00e9', '\\ud83c', '\\u0000', '\\/']

function aString(random: Random): string {
  const pieces = random.oneIn(4) ? [...PLAIN, ...ESCAPES] : PLAIN
  return `"${random.list(8, () => random.pick(pieces)).join('')}"`
}

function aSpace(random: Random): string {
  return random.oneIn(6) ? random.pick([' ', '\n', '\t', '\r', '  ']) : ''
}
