import { createRequire } from 'node:module'

const crc32C: (bytes: Buffer) => number = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C')

/** The part of a record that depends neither on its index in a batch nor on its time: key, value and empty headers. */
export function recordBody({ key, value }: { readonly key: string; readonly value: Buffer }): Buffer {
  const keyBytes = Buffer.from(key)
  return Buffer.concat([varint(keyBytes.length), keyBytes, varint(value.length), value, varint(0)])
}

/**
 * Encodes records as one batch, uncompressed, all with one time.
 *
 * @param bodies  at least one
 *
 * @see Kafka, Message Format, Record Batch (magic 2)
 */
export function recordBatch(bodies: readonly Buffer[], timestampMs: number): Buffer {
  const most = bodies.reduce((sum, { length }) => sum + length + MOST_OF_A_RECORD, HEADER_BYTES)
  const batch = Buffer.allocUnsafe(most)
  let at = HEADER_BYTES
  bodies.forEach((body, place) => {
    const offsetDelta = varint(place)
    at += varint(2 + offsetDelta.length + body.length).copy(batch, at)
    at = batch.writeUInt16BE(0, at) // attributes, timestamp delta
    at += offsetDelta.copy(batch, at)
    at += body.copy(batch, at)
  })
  batch.writeBigInt64BE(0n, 0) // base offset
  batch.writeInt32BE(at - 12, 8) // length of the rest
  batch.writeInt32BE(-1, 12) // leader epoch
  batch.writeInt8(2, 16) // magic
  batch.writeInt16BE(0, 21) // attributes
  batch.writeInt32BE(bodies.length - 1, 23)
  batch.writeBigInt64BE(BigInt(timestampMs), 27)
  batch.writeBigInt64BE(BigInt(timestampMs), 35)
  batch.writeBigInt64BE(-1n, 43) // producer id
  batch.writeInt16BE(-1, 51) // producer epoch
  batch.writeInt32BE(-1, 53) // base sequence
  batch.writeInt32BE(bodies.length, 57)
  batch.writeUInt32BE(crc32C(batch.subarray(CHECKED_FROM, at)), 17)
  return batch.subarray(0, at)
}

const HEADER_BYTES = 61
const CHECKED_FROM = 21
/** Length, attributes, deltas of time and offset. */
const MOST_OF_A_RECORD = 12

/** Zigzag varint of a non-negative number. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value * 2
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}
