import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { compress as zstd } from '@mongodb-js/zstd'
import { compressFrameSync as lz4 } from 'lz4-napi'
import { compressSync as snappy } from 'snappy'
import type { LoggedRecord } from './partition-log.js'

export type Codec = 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** The used part of kafkajs's byte reader. */
interface ByteReader {
  offset: number
}

const require = createRequire(import.meta.url)
const src = 'kafkajs/src/protocol'
const encodeRecord: (record: object) => unknown = require(`${src}/recordBatch/record/v0`)
const encodeBatch: (batch: object) => Promise<{ readonly buffer: Buffer }> = require(
  `${src}/recordBatch/v0`,
).RecordBatch
const Reader: new (bytes: Buffer) => ByteReader = require(`${src}/decoder`)

/**
 * Encodes the records of a partition as in a fetch response: the length, then record batches.
 *
 * @param cutBytes  bytes that are missing at the end of the last batch, because a fetch has a limit in bytes
 */
export async function encodeBatches(
  batches: readonly (readonly LoggedRecord[])[],
  codec: Codec | null,
  cutBytes: (lastBytes: number) => number,
): Promise<Buffer> {
  const encoded: Buffer[] = []
  for (const records of batches) encoded.push(await compressed(await encode(records), codec))
  const last = encoded.pop()
  if (last !== undefined)
    encoded.push(encoded.length === 0 ? last : last.subarray(0, last.length - cutBytes(last.length)))
  const size = Buffer.alloc(4)
  size.writeInt32BE(encoded.reduce((sum, { length }) => sum + length, 0))
  return Buffer.concat([size, ...encoded])
}

/** Decodes the partitions of a response one after another with the decoder that kafkajs uses, which is the product's. */
export async function decodePartitions(partitions: readonly Buffer[]): Promise<readonly unknown[][]> {
  const decode: (reader: ByteReader) => Promise<unknown[]> = require(`${src}/requests/fetch/v4/decodeMessages`)
  const reader = new Reader(Buffer.concat(partitions))
  const messages: unknown[][] = []
  for (const _ of partitions) messages.push(await decode(reader))
  return messages
}

async function encode(records: readonly LoggedRecord[]): Promise<Buffer> {
  const [first] = records
  const { offset: firstOffset, timestampMs: firstMs, producerId, marker } = first!
  const { buffer } = await encodeBatch({
    ...{ firstOffset, lastOffsetDelta: records.length - 1, firstTimestamp: firstMs, maxTimestamp: firstMs },
    ...{ transactional: producerId !== null, producerId: BigInt(producerId ?? -1) },
    records: records.map(({ offset, timestampMs, key, value, headers }) =>
      encodeRecord({
        ...{ offsetDelta: Number(offset - firstOffset), timestampDelta: timestampMs - firstMs, key, value, headers },
      }),
    ),
  })
  if (marker !== undefined) buffer[ATTRIBUTES_AT]! |= CONTROL_FLAG
  return buffer
}

/** Compresses the records of a batch. The checksum becomes wrong, but kafkajs does not verify it. */
async function compressed(batch: Buffer, codec: Codec | null): Promise<Buffer> {
  if (codec === null) return batch
  const [id, compress] = CODECS[codec]
  const records = await compress(batch.subarray(RECORDS_AT))
  const header = Buffer.from(batch.subarray(0, RECORDS_AT))
  header.writeInt32BE(RECORDS_AT - BEHIND_LENGTH + records.length, LENGTH_AT)
  header[ATTRIBUTES_AT]! |= id
  return Buffer.concat([header, records])
}

/** By their number in the attributes of a batch. */
const CODECS: Readonly<Record<Codec, readonly [id: number, compress: (bytes: Buffer) => Buffer | Promise<Buffer>]>> = {
  gzip: [1, (bytes) => gzipSync(bytes)],
  snappy: [2, (bytes) => snappy(bytes)],
  lz4: [3, (bytes) => lz4(bytes)],
  zstd: [4, (bytes) => zstd(bytes)],
}
export const CODEC_NAMES = Object.keys(CODECS) as readonly Codec[]

// https://kafka.apache.org/documentation/#recordbatch
const LENGTH_AT = 8
const BEHIND_LENGTH = 12
/** The lower byte of the attributes. */
const ATTRIBUTES_AT = 22
const RECORDS_AT = 61
const CONTROL_FLAG = 0x20
