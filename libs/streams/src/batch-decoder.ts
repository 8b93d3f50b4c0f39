import { createRequire } from 'node:module'
import { type BatchContext, CREATE_TIME, type EncodedRecord, LOG_APPEND_TIME, readRecords } from './encoded-record.js'

/**
 * Gives kafkajs a quicker way to take records out of a batch, the same in all it says: kafkajs cuts each record out of its batch, and
 * computes each offset and time as a BigInt out of text, which was the larger part of its time. Here a record is one small object that
 * knows where it begins, and reads its parts when they are asked for: as long as its batch is worked on all of its records are
 * there, and what is there is moved about by the collector.
 *
 * kafkajs loads this part of itself with the first fetch. Where somebody has fetched before, its own way stays.
 */
export function quickenRecords(): void {
  const require = createRequire(import.meta.url)
  const path = require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder')
  if (require.cache[path]?.exports === decodeBatch) return
  theirs = {
    codecOf: require('kafkajs/src/protocol/message/compression').lookupCodecByAttributes,
    PartialMessage: require('kafkajs/src/errors').KafkaJSPartialMessageError,
  }
  require(path)
  require.cache[path]!.exports = decodeBatch
}

/** kafkajs's reader of bytes, as far as it is used here. */
export interface ByteReader {
  readonly buffer: Buffer
  offset: number
}

let theirs: {
  readonly codecOf: (attributes: number) => { decompress(bytes: Buffer): Promise<Buffer> } | null
  readonly PartialMessage: new (message: string) => Error
}

export interface DecodedBatch extends BatchContext {
  readonly records: readonly EncodedRecord[]
}

/**
 * Takes the next batch off a reader.
 *
 * @throws {KafkaJSPartialMessageError} when its end is missing: what was fetched ends where the budget of bytes did
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export async function decodeBatch(reader: ByteReader): Promise<DecodedBatch> {
  const { buffer, offset: at } = reader
  const length = buffer.readInt32BE(at + LENGTH_AT)
  const end = at + BEHIND_LENGTH + length
  reader.offset = end
  if (buffer.length < end) {
    throw new theirs.PartialMessage(`of a batch of ${length} bytes ${buffer.length - at - BEHIND_LENGTH} are there`)
  }
  const attributes = buffer.readInt16BE(at + 21)
  const context: BatchContext = {
    firstOffset: String(buffer.readBigInt64BE(at)),
    partitionLeaderEpoch: buffer.readInt32BE(at + 12),
    magicByte: buffer.readInt8(at + 16),
    lastOffsetDelta: buffer.readInt32BE(at + 23),
    firstTimestamp: String(buffer.readBigInt64BE(at + 27)),
    maxTimestamp: String(buffer.readBigInt64BE(at + 35)),
    timestampType: attributes & LOG_APPEND_TIME_FLAG ? LOG_APPEND_TIME : CREATE_TIME,
    producerId: String(buffer.readBigInt64BE(at + 43)),
    producerEpoch: buffer.readInt16BE(at + 51),
    firstSequence: buffer.readInt32BE(at + 53),
    inTransaction: (attributes & TRANSACTIONAL_FLAG) > 0,
    isControlBatch: (attributes & CONTROL_FLAG) > 0,
  }
  const count = buffer.readInt32BE(at + COUNT_AT)
  const codec = theirs.codecOf(attributes)
  if (!codec) return { ...context, records: readRecords(context, buffer.subarray(0, end), at + RECORDS_AT, count) }
  const bytes = count > 0 ? await codec.decompress(buffer.subarray(at + RECORDS_AT, end)) : NO_BYTES
  return { ...context, records: readRecords(context, bytes, 0, count) }
}

const NO_BYTES = Buffer.alloc(0)
const LENGTH_AT = 8
const BEHIND_LENGTH = 12
const COUNT_AT = 57
const RECORDS_AT = 61
const LOG_APPEND_TIME_FLAG = 0x8
const TRANSACTIONAL_FLAG = 0x10
const CONTROL_FLAG = 0x20
