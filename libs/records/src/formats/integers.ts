/**
 * Converts a 64-bit integer for a record: to a number up to 2⁵³ − 1 in magnitude, beyond that to its digits as text. A category
 * or a key is then exact; a numeric field reads digits to the nearest double.
 */
export function integerOf(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

/** Like JSON.parse, but converts integers as `integerOf` does: ids of 64 bits are often numbers in JSON. */
export function parseJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text)
  return MAY_HAVE_LONG.test(text) ? JSON.parse(quoteLongIntegers(text)) : parsed
}

/** Integers of 15 digits are exact. The pattern also matches in strings, and before a fraction. */
const MAY_HAVE_LONG = /(?:^|[\s[:,])-?\d{16}/
/** Integers of up to 128 bits, and what begins and ends a string. Longer repetitions of a digit would exceed the stack. */
const LONG_OR_QUOTE_OR_ESCAPE = /(?<![\d.eE+-])-?\d{16,39}(?![\d.eE])|"|\\./g

/** @param text  valid JSON */
function quoteLongIntegers(text: string): string {
  let inString = false
  return text.replace(LONG_OR_QUOTE_OR_ESCAPE, (token) => {
    if (token === '"') inString = !inString
    return inString || token === '"' || Number.isSafeInteger(Number(token)) ? token : `"${token}"`
  })
}

/**
 * Converts a decimal of Avro or Confluent (an unscaled big-endian two's complement and a scale) to the nearest double.
 *
 * @param bytes  empty means 0
 * @throws {RangeError} for more than 256 bytes: conversion time grows with their square
 */
export function decimalOf(bytes: Uint8Array, scale: number): number {
  if (bytes.length === 0) return 0
  if (bytes.length > LONGEST_DECIMAL)
    throw new RangeError(`a decimal has at most ${LONGEST_DECIMAL} bytes, found ${bytes.length}`)
  const unsigned = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  return Number(`${BigInt.asIntN(bytes.length * 8, unsigned)}e${-scale}`)
}

/** Some 600 digits; a double has at most 309 before the point. */
const LONGEST_DECIMAL = 256

/**
 * Epoch ms as ISO 8601 text, to the millisecond. A time beyond ± 100 million days around 1970 has none; the largest integer often means
 * "never". It becomes a text such as `9223372036854776000 ms`, so that only a feature of this field rejects the record.
 */
export function isoOf(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString()
}
