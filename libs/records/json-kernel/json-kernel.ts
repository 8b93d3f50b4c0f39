/**
 * Takes the values of some keys out of the bytes of a JSON object. This is AssemblyScript, which `npm run build:json-kernel` compiles to
 * WebAssembly; `json-picker.ts` calls it, and states which documents it leaves to JSON.parse.
 *
 * Addresses are indices of the memory's bytes. The document is followed by a zero, which no part of a document matches, so that reading
 * ends there.
 */

/** Bytes of the longest document. */
export const CAPACITY: i32 = 1 << 20
/** Where the caller writes the document. */
export const DOCUMENT: usize = memory.data((1 << 20) + 16, 16)

/** Flags of a document that was read, and the result for one that was not. */
export const NOT_READ: i32 = -1
/** A key has a value that is not a number, or a number that is not exact in a double. */
export const HAS_OTHERS: i32 = 1
/** The document has bytes beyond ASCII, which the caller has to validate as UTF-8. */
export const BEYOND_ASCII: i32 = 2

/**
 * Most records of a topic have the same keys in the same order and layout: the bytes between two values of the last documents, i.e. key
 * and punctuation, are compared first. Slot n is for the bytes before the n-th value.
 */
const MOST_EXPECTED = 1000
const LONGEST_EXPECTED = 128
const expectedBytes: usize = memory.data(1000 * 128, 16)
/** 0: none yet */
const expectedLength: usize = memory.data(1000 * 4, 16)
const expectedPlace: usize = memory.data(1000 * 4, 16)
const expectedIsAscii: usize = memory.data(1000, 16)

/** Documents that nest deeper are left to JSON.parse. */
const MAX_DEPTH = 32
/** An address that is no place in a document. */
const NONE: usize = 0
const NOT_WANTED: i32 = -1

/** Returns the index of a key of the caller, or NOT_WANTED. */
@external("picker", "placeOf")
declare function placeOf(from: usize, end: usize): i32

/** Whether all strings read so far were ASCII. */
let isAscii: bool = true
/** Result of `nextValue`. */
let place: i32 = NOT_WANTED
/** Results of `readNumber`. */
let number: f64 = 0
let isExact: bool = true

/**
 * Reads the document. Of a repeated key, the last value counts.
 *
 * @param length   bytes of the document
 * @param keys     number of the caller's keys
 * @param numbers  address of the result, f64 [keys]: NaN if a value is not a number, or not an exact one
 * @param spans    address of the result, u32 [keys, 2]: the addresses of begin and end of such a value; 0: there is none
 * @returns flags, or NOT_READ
 */
export function pick(length: i32, keys: i32, numbers: usize, spans: usize): i32 {
  const end = DOCUMENT + length
  store<u64>(end, 0)
  for (let key = 0; key < keys; key++) {
    store<f64>(numbers + 8 * key, NaN)
    store<u64>(spans + 8 * key, 0)
  }
  isAscii = true
  let flags = 0
  let at = DOCUMENT
  let members = 0
  for (let valueAt = nextValue(at, 0); valueAt !== NONE; valueAt = nextValue(at, ++members)) {
    const key = place
    const isNumber = beginsNumber(byteAt(valueAt))
    at = isNumber ? readNumber(valueAt) : skipValue(valueAt, 0)
    if (at === NONE) return NOT_READ
    if (key === NOT_WANTED) continue
    if (isNumber && isExact) {
      store<f64>(numbers + 8 * key, number)
      store<u64>(spans + 8 * key, 0)
    } else {
      store<f64>(numbers + 8 * key, NaN)
      store<u32>(spans + 8 * key, <u32>valueAt)
      store<u32>(spans + 8 * key + 4, <u32>at)
      flags |= HAS_OTHERS
    }
  }
  if (!objectEnds(at, members, end)) return NOT_READ
  return isAscii ? flags : flags | BEYOND_ASCII
}

/** Reads the key before the n-th value, and returns the value's address; NONE if no member begins. */
function nextValue(from: usize, nth: i32): usize {
  const valueAt = expectedKey(from, nth)
  return valueAt === NONE ? readKey(from, nth) : valueAt
}

/** The same if the bytes before the value are those of the last document. */
function expectedKey(from: usize, nth: i32): usize {
  if (nth >= MOST_EXPECTED) return NONE
  const length = load<i32>(expectedLength + 4 * nth)
  if (length === 0) return NONE
  let wanted = expectedBytes + LONGEST_EXPECTED * nth
  let at = from
  let left = length
  for (; left >= 8; left -= 8) {
    if (load<u64>(at) !== load<u64>(wanted)) return NONE
    at += 8
    wanted += 8
  }
  if (left > 0 && (load<u64>(at) ^ load<u64>(wanted)) << (64 - 8 * left) !== 0) return NONE
  place = load<i32>(expectedPlace + 4 * nth)
  if (byteAt(expectedIsAscii + nth) === 0) isAscii = false
  return at + left
}

/** The same for any bytes, which become the expected ones. */
function readKey(from: usize, nth: i32): usize {
  const opensAt = skipSpace(from)
  if (byteAt(opensAt) !== (nth === 0 ? OPEN_BRACE : COMMA)) return NONE
  const keyAt = skipSpace(opensAt + 1)
  if (byteAt(keyAt) !== QUOTE) return NONE
  const wasAscii = isAscii
  isAscii = true
  const keyEnd = skipString(keyAt)
  const keyIsAscii = isAscii
  isAscii = wasAscii && keyIsAscii
  const colonAt = keyEnd === NONE ? NONE : skipSpace(keyEnd)
  if (colonAt === NONE || byteAt(colonAt) !== COLON) return NONE
  place = placeOf(keyAt + 1, keyEnd - 1)
  const valueAt = skipSpace(colonAt + 1)
  const length = <i32>(valueAt - from)
  if (nth < MOST_EXPECTED && length <= LONGEST_EXPECTED) {
    memory.copy(expectedBytes + LONGEST_EXPECTED * nth, from, length)
    store<i32>(expectedLength + 4 * nth, length)
    store<i32>(expectedPlace + 4 * nth, place)
    store<u8>(expectedIsAscii + nth, keyIsAscii ? 1 : 0)
  }
  return valueAt
}

/** Whether only the end of an object with this many members, and white space, are left. */
function objectEnds(from: usize, members: i32, end: usize): bool {
  let closeAt = skipSpace(from)
  if (members === 0) {
    if (byteAt(closeAt) !== OPEN_BRACE) return false
    closeAt = skipSpace(closeAt + 1)
  }
  return byteAt(closeAt) === CLOSE_BRACE && skipSpace(closeAt + 1) === end
}

/** @returns address of the end of the value, or NONE */
function skipValue(at: usize, depth: i32): usize {
  switch (byteAt(at)) {
    case QUOTE:
      return skipString(at)
    case LETTER_T:
      return load<u32>(at) === TRUE ? at + 4 : NONE
    case LETTER_F:
      return load<u32>(at + 1) === ALSE ? at + 5 : NONE
    case LETTER_N:
      return load<u32>(at) === NULL ? at + 4 : NONE
    case OPEN_BRACE:
    case OPEN_BRACKET:
      return depth < MAX_DEPTH ? skipNested(at, depth + 1) : NONE
    default:
      return readNumber(at)
  }
}

function skipNested(from: usize, depth: i32): usize {
  const isObject = byteAt(from) === OPEN_BRACE
  const close = isObject ? CLOSE_BRACE : CLOSE_BRACKET
  let at = skipSpace(from + 1)
  if (byteAt(at) === close) return at + 1
  while (true) {
    if (isObject) {
      const end = byteAt(at) === QUOTE ? skipString(at) : NONE
      if (end === NONE) return NONE
      at = skipSpace(end)
      if (byteAt(at) !== COLON) return NONE
      at = skipSpace(at + 1)
    }
    const end = skipValue(at, depth)
    if (end === NONE) return NONE
    at = skipSpace(end)
    if (byteAt(at) === close) return at + 1
    if (byteAt(at) !== COMMA) return NONE
    at = skipSpace(at + 1)
  }
}

/** Compares eight bytes at a time with those at which a string without escapes ends or is not ASCII. */
function skipString(from: usize): usize {
  let at = from + 1
  while (true) {
    const bytes = load<u64>(at)
    const found = (zeros(bytes ^ (ONES * QUOTE)) | zeros(bytes ^ (ONES * BACKSLASH)) | (bytes - ONES * SPACE) | bytes) & HIGHS
    if (found === 0) {
      at += 8
      continue
    }
    // Borrows only reach later bytes, so the first one found is right.
    at += <usize>(ctz(found) >> 3)
    const byte = byteAt(at)
    if (byte === QUOTE) return at + 1
    if (byte <= LAST_ASCII) return NONE
    isAscii = false
    at++
  }
}

/** The highest bit of the bytes that are 0, up to the first one. */
@inline
function zeros(bytes: u64): u64 {
  return (bytes - ONES) & ~bytes
}

/**
 * Reads a number: digits up to 2⁵³ and a power of ten up to 22 are both exact doubles, so that their product or quotient is
 * rounded once, and is the nearest double.
 *
 * @see Clinger 1990, How to read floating point numbers accurately
 */
function readNumber(from: usize): usize {
  const isNegative = byteAt(from) === MINUS
  const digitsAt = isNegative ? from + 1 : from
  let at = digitsAt
  let digits: u64 = 0
  for (let digit = digitAt(at); digit <= 9; digit = digitAt(++at)) digits = digits * 10 + digit
  let count = at - digitsAt
  if (count === 0 || (count > 1 && byteAt(digitsAt) === ZERO)) return NONE
  let power = 0
  if (byteAt(at) === POINT) {
    const fractionAt = ++at
    while (true) {
      const bytes = load<u64>(at)
      const found = digitsIn(bytes)
      digits = digits * load<u64>(POWERS + 8 * found) + valueOf(bytes, found)
      at += found
      if (found < 8) break
    }
    if (at === fractionAt) return NONE
    count += at - fractionAt
    power = <i32>(fractionAt - at)
  }
  if ((byteAt(at) | 0x20) === LETTER_E) {
    at++
    const isFraction = byteAt(at) === MINUS
    if (isFraction || byteAt(at) === PLUS) at++
    const exponentAt = at
    let exponent = 0
    // A larger exponent is not exact, and its digits do not matter.
    for (let digit = digitAt(at); digit <= 9; digit = digitAt(++at)) exponent = min(exponent * 10 + <i32>digit, 10_000)
    if (at === exponentAt) return NONE
    power += isFraction ? -exponent : exponent
  }
  isExact = count <= MOST_DIGITS && digits <= MAX_SAFE_INTEGER && power >= -22 && power <= 22
  if (isExact) {
    const whole = <f64>digits
    const size = power < 0 ? whole / powerOfTen(-power) : whole * powerOfTen(power)
    number = isNegative ? -size : size
  }
  return at
}

@inline
function byteAt(at: usize): u32 {
  return load<u8>(at)
}

/** The digit at an address; larger than 9 if there is none. */
@inline
function digitAt(at: usize): u32 {
  return byteAt(at) - ZERO
}

/** Number of bytes, of eight, before the first that is not a digit. */
@inline
function digitsIn(bytes: u64): i32 {
  const others = ((bytes - ONES * ZERO) | (bytes + ONES * (0x80 - NINE - 1))) & HIGHS
  return others === 0 ? 8 : <i32>(ctz(others) >> 3)
}

/**
 * The value of the first `count` of eight digits.
 *
 * @see Lemire 2021, Number parsing at a gigabyte per second, section 7
 */
@inline
function valueOf(bytes: u64, count: i32): u64 {
  if (count === 0) return 0
  // Zeros in front of the digits.
  let digits = (bytes - ONES * ZERO) << (64 - 8 * count)
  digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ff
  digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffff
  return (digits * 10_000 + (digits >> 32)) & 0xffffffff
}

@inline
function powerOfTen(power: i32): f64 {
  return load<f64>(EXACT_POWERS + 8 * power)
}

function skipSpace(from: usize): usize {
  let at = from
  while (isSpace(byteAt(at))) at++
  return at
}

@inline
function isSpace(byte: u32): bool {
  return byte === SPACE || byte === NEW_LINE || byte === TAB || byte === RETURN
}

@inline
function beginsNumber(byte: u32): bool {
  return byte === MINUS || (byte >= ZERO && byte <= NINE)
}

/** With more, the digits may not fit into 64 bits. */
const MOST_DIGITS: usize = 19
const MAX_SAFE_INTEGER: u64 = 9007199254740991
/** 10⁰ … 10⁸ */
const POWERS = memory.data<u64>([1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000])
const EXACT_POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
])

/** The lowest and the highest bit of each byte. */
const ONES: u64 = 0x0101010101010101
const HIGHS: u64 = 0x8080808080808080
const TRUE: u32 = 0x65757274
const ALSE: u32 = 0x65736c61
const NULL: u32 = 0x6c6c756e
const LAST_ASCII: u32 = 0x7f
const TAB: u32 = 0x09
const NEW_LINE: u32 = 0x0a
const RETURN: u32 = 0x0d
const SPACE: u32 = 0x20
const QUOTE: u32 = 0x22
const PLUS: u32 = 0x2b
const COMMA: u32 = 0x2c
const MINUS: u32 = 0x2d
const POINT: u32 = 0x2e
const ZERO: u32 = 0x30
const NINE: u32 = 0x39
const COLON: u32 = 0x3a
const OPEN_BRACKET: u32 = 0x5b
const BACKSLASH: u32 = 0x5c
const CLOSE_BRACKET: u32 = 0x5d
const LETTER_E: u32 = 0x65
const LETTER_F: u32 = 0x66
const LETTER_N: u32 = 0x6e
const LETTER_T: u32 = 0x74
const OPEN_BRACE: u32 = 0x7b
const CLOSE_BRACE: u32 = 0x7d
