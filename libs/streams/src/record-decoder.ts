import { createRequire } from 'node:module'

/**
 * Gives kafkajs a quicker way to take a record out of its batch, the same in all it says: kafkajs computes each offset and time
 * as a BigInt out of text, and makes a BigInt of every byte of a time's delta, which was the larger part of its time. And a
 * record is one object that knows where its parts lie: as seven, held for as long as its batch is worked on, they were most of what
 * was to be collected.
 *
 * It loads this part of itself with the first fetch. Where somebody has fetched before, its own way stays.
 */
export function quickenRecords(): void {
  const require = createRequire(import.meta.url)
  const path = require.resolve('kafkajs/src/protocol/recordBatch/record/v0/decoder')
  if (require.cache[path]?.exports === decodeRecord) return
  decodeHeader = require('kafkajs/src/protocol/recordBatch/header/v0/decoder')
  Reader = require('kafkajs/src/protocol/decoder')
  require(path)
  require.cache[path]!.exports = decodeRecord
}

/** kafkajs's reader of bytes, as far as it is used here. */
export interface ByteReader {
  readonly buffer: Buffer
  offset: number
  readInt8(): number
  readVarInt(): number
  readVarLong(): bigint | { toString(): string }
  readVarIntBytes(): Buffer | null
}

/** What kafkajs knows of the batch that a record lies in. */
export interface BatchContext {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly maxTimestamp?: string
  readonly timestampType?: number
  readonly isControlBatch?: boolean
  readonly magicByte?: number
}

const LOG_APPEND_TIME = 1

interface Header {
  readonly key: string
  readonly value: Buffer | null
}

let decodeHeader: (reader: ByteReader) => Header
let Reader: new (bytes: Buffer) => ByteReader

/** @see https://kafka.apache.org/documentation/#record */
export function decodeRecord(reader: ByteReader, context: BatchContext): EncodedRecord {
  const { buffer } = reader
  const attributes = reader.readInt8()
  const timeDelta = readDelta(reader)
  const offsetDelta = reader.readVarInt()
  const keyLength = reader.readVarInt()
  const keyAt = reader.offset
  reader.offset += Math.max(0, keyLength)
  const valueLength = reader.readVarInt()
  return new EncodedRecord(
    buffer.buffer,
    buffer.byteOffset + buffer.length,
    attributes,
    timeDelta,
    offsetDelta,
    buffer.byteOffset + keyAt,
    keyLength,
    buffer.byteOffset + reader.offset,
    valueLength,
    context,
  )
}

/** A record as kafkajs knows it, each part read out of its bytes when it is asked for. */
class EncodedRecord {
  constructor(
    private readonly memory: ArrayBufferLike,
    private readonly end: number,
    readonly attributes: number,
    private readonly timeDelta: number | bigint,
    private readonly offsetDelta: number,
    private readonly keyAt: number,
    private readonly keyLength: number,
    private readonly valueAt: number,
    private readonly valueLength: number,
    readonly batchContext: BatchContext,
  ) {}

  get magicByte(): number | undefined {
    return this.batchContext.magicByte
  }

  get isControlRecord(): boolean {
    return this.batchContext.isControlBatch ?? false
  }

  get timestamp(): string {
    const { timestampType, firstTimestamp, maxTimestamp } = this.batchContext
    return timestampType === LOG_APPEND_TIME && maxTimestamp ? maxTimestamp : later(firstTimestamp, this.timeDelta)
  }

  get offset(): string {
    return later(this.batchContext.firstOffset, this.offsetDelta)
  }

  get key(): Buffer | null {
    return this.bytes(this.keyAt, this.keyLength)
  }

  get value(): Buffer | null {
    return this.bytes(this.valueAt, this.valueLength)
  }

  get headers() {
    const at = this.valueAt + Math.max(0, this.valueLength)
    return readHeaders(new Reader(Buffer.from(this.memory, at, this.end - at)))
  }

  private bytes(at: number, length: number): Buffer | null {
    return length === -1 ? null : Buffer.from(this.memory, at, Math.min(length, this.end - at))
  }
}

/** A zigzag number of up to four bytes is read as one; longer ones are left to kafkajs. */
function readDelta(reader: ByteReader): number | bigint {
  const { buffer, offset } = reader
  let result = 0
  for (let place = 0; place < 4; place++) {
    const byte = buffer[offset + place]!
    result |= (byte & 0x7f) << (7 * place)
    if (byte < 0x80) {
      reader.offset = offset + place + 1
      return (result >>> 1) ^ -(result & 1)
    }
  }
  return BigInt(reader.readVarLong().toString())
}

function later(base: string, delta: number | bigint): string {
  if (delta === 0) return base
  const from = Number(base)
  const step = Number(delta)
  // Beyond 2^53 a number is rounded, whatever its sum with one of the other sign is.
  const isExact = Number.isSafeInteger(from) && Number.isSafeInteger(step) && Number.isSafeInteger(from + step)
  return isExact ? String(from + step) : String(BigInt(base) + BigInt(delta))
}

/** A name that comes twice has a list. */
function readHeaders(reader: ByteReader) {
  const headers: Record<string, Buffer | null | (Buffer | null)[]> = {}
  for (let left = reader.readVarInt(); left > 0; left--) {
    const { key, value } = decodeHeader(reader)
    const before = headers[key]
    if (before === undefined) headers[key] = value
    else headers[key] = Array.isArray(before) ? [...before, value] : [before, value]
  }
  return headers
}
