import { isUtf8 } from 'node:buffer'
import type { QuickPicker } from './record-decoder.js'

/**
 * Compiles keys of a JSON object to the function that takes their values out of its bytes, without building the object.
 *
 * It validates every byte, and the values equal those of JSON.parse: the last one of a repeated key, `undefined` of an absent
 * key. Rare documents are left to JSON.parse: an escape in a string, nesting beyond MAX_DEPTH, a byte order mark, and bytes
 * that are not a JSON object in UTF-8.
 *
 * @param keys  each once; a value has the index of its key
 */
export function jsonPicker(keys: readonly string[]): QuickPicker {
  const places = new Map(keys.map((key, place) => [key, place]))
  // Most records of a topic have the same keys in the same order and layout: the n-th key of the last record is compared first.
  const expected: Member[] = []
  const found: Found = { number: 0, isAscii: true }

  /** Reads the key and punctuation before the n-th value; `undefined` if no member begins. */
  const memberAt = (bytes: Buffer, at: number, nth: number): Member | undefined => {
    const opensAt = skipSpace(bytes, at)
    if (bytes[opensAt] !== (nth === 0 ? OPEN_BRACE : COMMA)) return undefined
    const keyAt = skipSpace(bytes, opensAt + 1)
    const keyEnd = bytes[keyAt] === QUOTE ? skipString(bytes, keyAt, found) : NOTHING
    const colonAt = keyEnd === NOTHING ? NOTHING : skipSpace(bytes, keyEnd)
    if (bytes[colonAt] !== COLON) return undefined
    // A copy, because a view would keep the whole message in memory.
    const before = Uint8Array.prototype.slice.call(bytes, at, skipSpace(bytes, colonAt + 1))
    const place = places.get(bytes.toString('utf8', keyAt + 1, keyEnd - 1)) ?? NOT_WANTED
    const member = { before, isAscii: before.every((byte) => byte <= LAST_ASCII), place }
    if (nth < MOST_EXPECTED && before.length <= LONGEST_EXPECTED) expected[nth] = member
    return member
  }

  return (bytes, from, end, { numbers, others }) => {
    for (let place = 0; place < keys.length; place++) {
      numbers[place] = Number.NaN
      others[place] = undefined
    }
    found.isAscii = true
    let at = from
    for (let nth = 0; at < end; nth++) {
      const last = expected[nth]
      const member = last !== undefined && isSame(last.before, bytes, at) ? last : memberAt(bytes, at, nth)
      if (member === undefined) {
        return objectEnds(bytes, at, nth, end) && (found.isAscii || isUtf8(bytes.subarray(from, end)))
      }
      if (!member.isAscii) found.isAscii = false
      const valueAt = at + member.before.length
      at = skipValue(bytes, valueAt, found, 0)
      if (at === NOTHING) return false
      const { place } = member
      if (place !== NOT_WANTED) {
        const isNumber = beginsNumber(bytes[valueAt]!)
        numbers[place] = isNumber ? found.number : Number.NaN
        others[place] = isNumber ? undefined : takeValue(bytes, valueAt, at, found.isAscii)
      }
    }
    return false
  }
}

/** Whether there is only the end of an object with this many members, and white space, between two indices. */
function objectEnds(bytes: Buffer, at: number, members: number, end: number): boolean {
  let closeAt = skipSpace(bytes, at)
  if (members === 0) {
    if (bytes[closeAt] !== OPEN_BRACE) return false
    closeAt = skipSpace(bytes, closeAt + 1)
  }
  // A byte after the document, such as a count of headers, may have the code of a space.
  return bytes[closeAt] === CLOSE_BRACE && closeAt < end && skipSpace(bytes, closeAt + 1) >= end
}

/** The bytes between two values, i.e. key and punctuation, and the index of the second value. */
interface Member {
  readonly before: Uint8Array
  readonly isAscii: boolean
  readonly place: number
}

/** Results of reading a value. */
interface Found {
  /** The last number read. */
  number: number
  /** Whether all strings were ASCII. */
  isAscii: boolean
}

const NOT_WANTED = -1
/** Returned instead of the end of a value if there is no valid value. */
const NOTHING = -1
/** Keys cached from one document to the next: at most 128 kB, for any documents. */
const MOST_EXPECTED = 1_000
const LONGEST_EXPECTED = 128
/** Documents that nest deeper are left to JSON.parse. */
const MAX_DEPTH = 32

function beginsNumber(byte: number): boolean {
  return byte === MINUS || (byte >= ZERO && byte <= NINE)
}

/** Returns the value between two indices, which is not a number. */
function takeValue(bytes: Buffer, from: number, end: number, isAscii: boolean): unknown {
  switch (bytes[from]) {
    case QUOTE:
      return bytes.toString(isAscii ? 'latin1' : 'utf8', from + 1, end - 1)
    case LETTER_T:
      return true
    case LETTER_F:
      return false
    case LETTER_N:
      return null
    default:
      return JSON.parse(bytes.toString('utf8', from, end))
  }
}

/** @returns index of the end of the value */
function skipValue(bytes: Buffer, at: number, found: Found, depth: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return skipString(bytes, at, found)
    case LETTER_T:
      return isSame(WORD_TRUE, bytes, at) ? at + WORD_TRUE.length : NOTHING
    case LETTER_F:
      return isSame(WORD_FALSE, bytes, at) ? at + WORD_FALSE.length : NOTHING
    case LETTER_N:
      return isSame(WORD_NULL, bytes, at) ? at + WORD_NULL.length : NOTHING
    case OPEN_BRACE:
    case OPEN_BRACKET:
      return depth < MAX_DEPTH ? skipNested(bytes, at, found, depth + 1) : NOTHING
    default:
      return readNumber(bytes, at, found)
  }
}

function skipNested(bytes: Buffer, from: number, found: Found, depth: number): number {
  const isObject = bytes[from] === OPEN_BRACE
  const close = isObject ? CLOSE_BRACE : CLOSE_BRACKET
  let at = skipSpace(bytes, from + 1)
  if (bytes[at] === close) return at + 1
  for (;;) {
    if (isObject) {
      const end = bytes[at] === QUOTE ? skipString(bytes, at, found) : NOTHING
      if (end === NOTHING) return NOTHING
      at = skipSpace(bytes, end)
      if (bytes[at] !== COLON) return NOTHING
      at = skipSpace(bytes, at + 1)
    }
    const end = skipValue(bytes, at, found, depth)
    if (end === NOTHING) return NOTHING
    at = skipSpace(bytes, end)
    if (bytes[at] === close) return at + 1
    if (bytes[at] !== COMMA) return NOTHING
    at = skipSpace(bytes, at + 1)
  }
}

function skipString(bytes: Buffer, from: number, found: Found): number {
  for (let at = from + 1; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at + 1
    if (byte < SPACE || byte === BACKSLASH) return NOTHING
    if (byte > LAST_ASCII) found.isAscii = false
  }
  return NOTHING
}

/**
 * Reads a number: digits up to 2⁵³ and a power of ten up to 22 are both exact doubles, so that their product or quotient is
 * rounded once, and is the nearest double.
 *
 * @see Clinger 1990, How to read floating point numbers accurately
 */
function readNumber(bytes: Buffer, from: number, found: Found): number {
  const isNegative = bytes[from] === MINUS
  const digitsAt = isNegative ? from + 1 : from
  let at = digitsAt
  let digits = 0
  for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO)
    digits = digits * 10 + digit
  const whole = at - digitsAt
  if (whole === 0 || (whole > 1 && bytes[digitsAt] === ZERO)) return NOTHING
  let power = 0
  if (bytes[at] === POINT) {
    const fractionAt = ++at
    for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
      digits = digits * 10 + digit
    }
    power = fractionAt - at
    if (power === 0) return NOTHING
  }
  if (bytes[at] === LETTER_E || bytes[at] === CAPITAL_E) {
    at++
    const isFraction = bytes[at] === MINUS
    if (isFraction || bytes[at] === PLUS) at++
    const exponentAt = at
    let exponent = 0
    for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
      exponent = exponent * 10 + digit
    }
    if (at === exponentAt) return NOTHING
    power += isFraction ? -exponent : exponent
  }
  if (digits <= Number.MAX_SAFE_INTEGER && power >= -22 && power <= 22) {
    const size = power < 0 ? digits / POWERS_OF_TEN[-power]! : digits * POWERS_OF_TEN[power]!
    found.number = isNegative ? -size : size
  } else {
    found.number = Number(bytes.toString('latin1', from, at))
  }
  return at
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at]! <= SPACE && isSpace(bytes[at]!)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === NEW_LINE || byte === TAB || byte === RETURN
}

function isSame(wanted: Uint8Array, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < wanted.length; at++) if (wanted[at] !== bytes[from + at]) return false
  return true
}

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

const [WORD_TRUE, WORD_FALSE, WORD_NULL] = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')]
const LAST_ASCII = 0x7f
const TAB = 0x09
const NEW_LINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const CAPITAL_E = 0x45
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const LETTER_E = 0x65
const LETTER_F = 0x66
const LETTER_N = 0x6e
const LETTER_T = 0x74
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
