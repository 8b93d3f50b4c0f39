import { createRequire } from 'node:module'
import type { KafkaMessage } from 'kafkajs'
import { ExpandsTooFar, MAX_EXPANDED_BYTES } from '../connection/compression.js'
import { type BatchContext, CREATE_TIME, type EncodedBatch, LOG_APPEND_TIME, locateRecords } from './encoded-record.js'
import { FetchedRecords } from './fetched-records.js'
import { ResponseBytes } from './response-bytes.js'
import { UnreadableRecord } from './unreadable-record.js'

/**
 * Replaces kafkajs's decoder of fetched batches by one that is faster and bounded in memory, and otherwise equivalent.
 *
 * kafkajs copies each record out of its batch and computes offsets and times as BigInts from text, which took most of its time. Here
 * only the places of records are read, and an accessed record reads its parts on access. kafkajs also expands all batches of a
 * response, however large they become; here batches beyond a budget are fetched again.
 *
 * kafkajs loads this module with the first fetch; after that the replacement has no effect.
 */
export function replaceBatchDecoder(): void {
  const require = createRequire(import.meta.url)
  const path = require.resolve('kafkajs/src/protocol/requests/fetch/v4/decodeMessages')
  if (require.cache[path]?.exports === decodeMessages) return
  kafkajsDecoder = {
    codecOf: require('kafkajs/src/protocol/message/compression').lookupCodecByAttributes,
    decodeMessages: require(path),
  }
  require.cache[path]!.exports = decodeMessages
}

/** The part of kafkajs's byte reader that is used here. */
export interface ByteReader {
  readonly buffer: Buffer
  offset: number
}

let kafkajsDecoder: {
  readonly codecOf: (attributes: number) => { decompress(bytes: Buffer): Promise<Buffer> } | null
  readonly decodeMessages: (response: ByteReader) => Promise<KafkaMessage[]>
}

interface DecodedBatch {
  readonly context: BatchContext
  readonly records: EncodedBatch | readonly UnreadableRecord[]
  /** Approximate memory of a compressed batch; 0 for others, which are as large as the fetched bytes. */
  readonly expandedBytes: number
}

/**
 * Reads the records of a partition from a fetch response. It stops reading compressed batches when the partition or the response
 * reaches its budget; kafkajs fetches the rest again.
 */
export async function decodeMessages(response: ByteReader): Promise<FetchedRecords | readonly KafkaMessage[]> {
  const { buffer, offset } = response
  const from = offset + 4
  const end = from + buffer.readInt32BE(offset)
  const progress = progressOf.get(response) ?? { expandedBytes: 0, bytes: new ResponseBytes(buffer) }
  progressOf.set(response, progress)
  // No batch, a truncated batch, or message sets, which brokers wrote before Kafka 0.11.
  if (end > buffer.length || end - from <= BATCH_OVERHEAD || buffer[from + MAGIC_AT] !== MAGIC) {
    const messages = await kafkajsDecoder.decodeMessages(response)
    // They are parts of the response and are not released, so the response must not be freed.
    if (messages.length > 0) progress.bytes.addPartition()
    return messages
  }
  response.offset = end
  const partition: ByteReader = { buffer: buffer.subarray(from, end), offset: 0 }
  const batches: DecodedBatch['records'][] = []
  let expanded = 0
  while (partition.buffer.length - partition.offset > BATCH_OVERHEAD) {
    if (expanded >= PARTITION_BUDGET || progress.expandedBytes + expanded >= RESPONSE_BUDGET) break
    const batch = await decodeBatch(partition)
    if (batch === null) break
    const { context, records, expandedBytes } = batch
    expanded += expandedBytes
    batches.push(records)
    const last = records.length - 1
    if (last === context.lastOffsetDelta) continue
    const end = endOf(context)
    if (last < 0 || records.at(last)!.offset !== end.offset) batches.push([end])
  }
  progress.expandedBytes += expanded
  return new FetchedRecords(batches, progress.bytes.addPartition())
}

/**
 * Represents the end of a batch whose last records compaction has removed, or all of them if it is the last one of an active producer.
 * kafkajs passes over it as over a transaction marker; without it, kafkajs would fetch such a batch at the end of a segment once for each
 * removed record, and one without records for ever.
 */
function endOf(context: BatchContext): UnreadableRecord {
  const end = BigInt(context.firstOffset) + BigInt(context.lastOffsetDelta)
  return new UnreadableRecord(context, String(end), 'its batch is empty', true)
}

/** The bytes of a response, and how many its compressed batches have expanded to so far. */
const progressOf = new WeakMap<ByteReader, { expandedBytes: number; readonly bytes: ResponseBytes }>()
/** A single batch may exceed either budget. */
const PARTITION_BUDGET = MAX_EXPANDED_BYTES
const RESPONSE_BUDGET = 2 * MAX_EXPANDED_BYTES

/**
 * Reads the next batch; the records of one that expands too far have no key and value.
 *
 * @returns null if the batch is truncated, because a fetch has a limit in bytes
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export async function decodeBatch(reader: ByteReader): Promise<DecodedBatch | null> {
  const { buffer, offset: at } = reader
  const end = at + BEHIND_LENGTH + buffer.readInt32BE(at + LENGTH_AT)
  reader.offset = end
  if (buffer.length < end) return null
  const attributes = buffer.readInt16BE(at + 21)
  const context: BatchContext = {
    firstOffset: String(buffer.readBigInt64BE(at)),
    lastOffsetDelta: buffer.readInt32BE(at + 23),
    firstTimestamp: String(buffer.readBigInt64BE(at + 27)),
    maxTimestamp: String(buffer.readBigInt64BE(at + 35)),
    timestampType: attributes & LOG_APPEND_TIME_FLAG ? LOG_APPEND_TIME : CREATE_TIME,
    producerId: String(buffer.readBigInt64BE(at + 43)),
    inTransaction: (attributes & TRANSACTIONAL_FLAG) > 0,
    isControlBatch: (attributes & CONTROL_FLAG) > 0,
  }
  const count = buffer.readInt32BE(at + COUNT_AT)
  const codec = kafkajsDecoder.codecOf(attributes)
  if (!codec) {
    return {
      context,
      records: locateRecords(context, buffer.subarray(0, end), at + RECORDS_AT, count),
      expandedBytes: 0,
    }
  }
  const bytes = await expand(codec, buffer.subarray(at + RECORDS_AT, end), count)
  if (bytes === null) return { context, records: unreadableRecords(context, count), expandedBytes: MAX_EXPANDED_BYTES }
  const records = locateRecords(context, bytes, 0, count)
  return { context, records, expandedBytes: bytes.length + RECORD_OBJECT_BYTES * count }
}

/** Returns null for a batch that would take too much memory. */
async function expand(
  codec: { decompress(bytes: Buffer): Promise<Buffer> },
  bytes: Buffer,
  count: number,
): Promise<Buffer | null> {
  if (count <= 0) return NO_BYTES
  if (count * RECORD_OBJECT_BYTES > MAX_EXPANDED_BYTES) return null
  try {
    return await codec.decompress(bytes)
  } catch (thrown: unknown) {
    if (thrown instanceof ExpandsTooFar) return null
    throw thrown
  }
}

/** If there are many, or compaction has left gaps, the last represents all, since the offsets are in the bytes that are not read. */
function unreadableRecords(context: BatchContext, count: number): UnreadableRecord[] {
  const last = context.lastOffsetDelta
  const each = count === last + 1 && count <= MOST_UNREADABLE
  const first = BigInt(context.firstOffset)
  const why =
    `a compressed batch has at most ${MAX_EXPANDED_BYTES} bytes when it is expanded, and ` +
    `${Math.floor(MAX_EXPANDED_BYTES / RECORD_OBJECT_BYTES)} records; that of offsets ${first} to ${first + BigInt(last)} has more`
  const deltas = each ? Array.from({ length: count }, (_, delta) => delta) : [last]
  return deltas.map((delta) => new UnreadableRecord(context, String(first + BigInt(delta)), why))
}

/** Approximate memory of one record in addition to its bytes. */
const RECORD_OBJECT_BYTES = 100
const MOST_UNREADABLE = 10_000
const NO_BYTES = Buffer.alloc(0)
const MAGIC = 2
const MAGIC_AT = 16
/** From kafkajs: fewer remaining bytes are not a batch. */
const BATCH_OVERHEAD = 49
const LENGTH_AT = 8
const BEHIND_LENGTH = 12
const COUNT_AT = 57
const RECORDS_AT = 61
const LOG_APPEND_TIME_FLAG = 0x8
const TRANSACTIONAL_FLAG = 0x10
const CONTROL_FLAG = 0x20
