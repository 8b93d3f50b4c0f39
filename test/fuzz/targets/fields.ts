import { createHash } from 'node:crypto'
import { makeReader } from '@outflow/records'
import type { Random } from '../random.js'
import { expectSame } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

const target: FuzzTarget<unknown> = {
  rule: 'each type of feature reads any value as its reference does',
  generate: (random) => (random.oneIn(12) ? aLongText(random) : aValue(random, 2)),
  check: (value) => {
    for (const { type, read, reference } of TYPES) {
      const found = read({ constructor: value })
      const expected = reference(value)
      if ('reason' in found) {
        if (expected !== undefined) throw new WrongValue(`${type}: rejected (${found.detail}), expected ${expected}`)
      } else if (type === 'text') {
        if (expected === undefined) throw new WrongValue('text: read a value that is not text')
        const isLike = found.numbers.every((number) => Number.isNaN(number) || (number >= 0 && number < 2 ** 31))
        if (!isLike) throw new WrongValue(`text: measures ${found.numbers}`)
      } else expectSame([...found.numbers, ...found.categories], [expected], type)
    }
  },
}
export default target

/** Result of a reference: the value, NaN or null if it is missing, undefined if it is rejected. */
type Reference = (value: unknown) => number | string | null | undefined

const REFERENCES = {
  numeric: readNumber,
  categorical: (value) => (isMissing(value) ? null : isPlain(value) ? shortened(`${value}`) : undefined),
  text: (value) => (isMissing(value) ? null : isPlain(value) ? '' : undefined),
  boolean: (value) => {
    if (isMissing(value)) return null
    if (!isPlain(value)) return undefined
    const word = `${value}`.length <= 16 ? `${value}`.trim().toLowerCase() : ''
    if (['true', '1', 't', 'yes', 'y'].includes(word)) return 'true'
    return ['false', '0', 'f', 'no', 'n'].includes(word) ? 'false' : undefined
  },
} satisfies Record<string, Reference>

/** The reference of numbers: NaN if it is missing, undefined if it is not a number. */
function readNumber(value: unknown): number | undefined {
  if (isMissing(value)) return Number.NaN
  const text = typeof value === 'string' && value.length <= 400 ? value.trim() : null
  if (text !== null && NO_NUMBERS.includes(text.toLowerCase())) return Number.NaN
  const number = text === null ? value : readDecimal(text)
  return typeof number === 'number' && number >= -1e300 && number <= 1e300 ? number : undefined
}

const TYPES = (Object.keys(REFERENCES) as (keyof typeof REFERENCES)[]).map((type) => ({
  type,
  read: makeReader([{ path: '$.constructor', type, optional: false }]),
  reference: REFERENCES[type] as Reference,
}))

const NO_NUMBERS = ['', 'na', '<na>', 'n/a', '#na', '#n/a', 'null', 'none', 'nan', 'nat', '.', '..', '?', '-']

/** A category of more than 500 units is its first 100 and its hash. */
function shortened(text: string): string {
  if (text.length <= 500) return text
  const start = text.slice(0, 100).toWellFormed().replaceAll('\0', '\uFFFD')
  return `${start}…sha256:${createHash('sha256').update(text).digest('hex')}`
}

function isMissing(value: unknown): boolean {
  return value === null || value === '' || value === 'NaN'
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

/** A sign, digits with or without a point, and an exponent; read by character. */
function readDecimal(text: string): number | undefined {
  let at = text[0] === '+' || text[0] === '-' ? 1 : 0
  const skipDigits = () => {
    const from = at
    while (text[at]! >= '0' && text[at]! <= '9') at++
    return at - from
  }
  let digits = skipDigits()
  if (text[at] === '.') {
    at++
    digits += skipDigits()
  }
  if (digits === 0) return undefined
  if (text[at] === 'e' || text[at] === 'E') {
    at++
    if (text[at] === '+' || text[at] === '-') at++
    if (skipDigits() === 0) return undefined
  }
  return at === text.length ? Number(text) : undefined
}

const WORDS = [
  ...['true', ' Yes', 'f', '0', '1', 'NaN', 'NA', ' n/a', 'null', 'None', '', 'Infinity', '0x10', '1_000', '١٢'],
  ...[' 7 ', '+.5e-3', '1.', '.', 'e5'],
]
const CHARACTERS = [...'0123456789+-.eE xtrue\u00a0\ufeff']

function aValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
      return random.pick([0, -0, 1, 1e300, -1e300, 1.01e300, 5e-324, 2 ** 53, 0.1 + 0.2, random.below(2_000) - 1_000])
    case 1:
      return random.pick([null, true, false])
    case 2:
      return random.pick(WORDS)
    case 3:
      return random.list(12, () => random.pick(CHARACTERS)).join('')
    case 4:
      return random.list(40, () => String.fromCodePoint(random.below(0x11_0000))).join('')
    case 5:
      return random.list(3, () => aValue(random, depth - 1))
    case 6:
      return Object.fromEntries([['toString', aValue(random, depth - 1)]])
    default:
      return { valueOf: 1, toJSON: aValue(random, depth - 1), length: 3 }
  }
}

/** A pattern or loop that backtracks takes seconds for one of these. */
function aLongText(random: Random): string {
  const repeated = random.pick([...CHARACTERS, 'é', '🎈', '1.', '.1', 'e1', '\n', '\t', '""', '[', '{"a":'])
  const length = random.pick([399, 400, 401, 5_000, 100_000, 1_000_000])
  return random.pick(['', '-', '[', ' ']) + repeated.repeat(length / repeated.length) + random.pick(['', 'x', '.', '1'])
}
