/** A variable-length integer of Protobuf: 64 bits in groups of seven, the least significant first. */
export function varint(value: bigint): Buffer {
  let left = BigInt.asUintN(64, value)
  const bytes: number[] = []
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(left)])
}

/** A variable-length integer of Avro: zigzag, so that small negative numbers are short as well. */
export const zigzag = (value: bigint): Buffer => varint((value << 1n) ^ (value >> 63n))
