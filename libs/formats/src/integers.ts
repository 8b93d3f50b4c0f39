/**
 * A 64-bit integer as records have it: a number up to 2⁵³ − 1 in magnitude, beyond that its digits as text. A category
 * or a key is then exact; a numeric field reads digits, to the nearest double.
 */
export function integerOf(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

/**
 * An unscaled big-endian two's complement and its scale, as Avro and Confluent write decimals, to the nearest double.
 *
 * @param bytes  none is 0
 */
export function decimalOf(bytes: Uint8Array, scale: number): number {
  if (bytes.length === 0) return 0
  const unsigned = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  return Number(`${BigInt.asIntN(bytes.length * 8, unsigned)}e${-scale}`)
}
