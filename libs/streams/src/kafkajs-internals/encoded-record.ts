/** What all records of a batch have in common, by kafkajs's names; numbers of eight bytes as text. */
export interface BatchContext {
  readonly firstOffset: string
  readonly partitionLeaderEpoch: number
  readonly magicByte: number
  readonly lastOffsetDelta: number
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly timestampType: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
}

export const CREATE_TIME = 0
export const LOG_APPEND_TIME = 1

interface EncodedBatch {
  readonly context: BatchContext
  readonly bytes: Buffer
  /** Epoch ms. */
  readonly firstTimestampMs: number
}

/** Finds so many records, which lie one behind the other. */
export function readRecords(context: BatchContext, bytes: Buffer, from: number, count: number): EncodedRecord[] {
  const batch: EncodedBatch = { context, bytes, firstTimestampMs: Number(context.firstTimestamp) }
  const records: EncodedRecord[] = []
  let at = from
  for (let left = count; left > 0; left--) {
    const length = numberAt(bytes, at)
    records.push(new EncodedRecord(batch, behind))
    at = behind + length
  }
  return records
}

/**
 * A record with kafkajs's properties; each part is read from the bytes when it is accessed.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
export class EncodedRecord {
  constructor(
    private readonly batch: EncodedBatch,
    private readonly at: number,
  ) {}

  get batchContext(): BatchContext {
    return this.batch.context
  }

  get magicByte(): number {
    return this.batch.context.magicByte
  }

  get isControlRecord(): boolean {
    return this.batch.context.isControlBatch
  }

  get attributes(): number {
    return this.batch.bytes.readInt8(this.at)
  }

  get timestamp(): string {
    const { firstTimestamp, maxTimestamp, timestampType } = this.batch.context
    return timestampType === LOG_APPEND_TIME ? maxTimestamp : later(firstTimestamp, this.timeDelta())
  }

  /** Epoch ms: the number in the text. */
  get timestampMs(): number {
    const { context, firstTimestampMs } = this.batch
    const delta = this.timeDelta()
    if (context.timestampType === LOG_APPEND_TIME || !isExactSum(firstTimestampMs, delta)) return Number(this.timestamp)
    return firstTimestampMs + delta
  }

  get offset(): string {
    this.timeDelta()
    return later(this.batch.context.firstOffset, numberAt(this.batch.bytes, behind))
  }

  get key(): Buffer | null {
    return bytesAt(this.batch.bytes, this.keyAt())
  }

  get value(): Buffer | null {
    return bytesAt(this.batch.bytes, this.valueAt())
  }

  /** As kafkajs has them: a name that comes more than once has a list. */
  get headers() {
    const headers: Record<string, Buffer | null | (Buffer | null)[]> = Object.create(null)
    for (const [name, value] of this.headerList) {
      const before = headers[name]
      if (before === undefined) headers[name] = value
      else if (Array.isArray(before)) before.push(value)
      else headers[name] = [before, value]
    }
    return headers
  }

  /** Names with their values, in order. */
  get headerList(): readonly (readonly [name: string, value: Buffer | null])[] {
    const { bytes } = this.batch
    const length = numberAt(bytes, this.valueAt())
    return headersAt(bytes, behind + Math.max(0, length))
  }

  private timeDelta(): number | bigint {
    return deltaAt(this.batch.bytes, this.at + 1)
  }

  private keyAt(): number {
    this.timeDelta()
    numberAt(this.batch.bytes, behind)
    return behind
  }

  private valueAt(): number {
    const length = numberAt(this.batch.bytes, this.keyAt())
    return behind + Math.max(0, length)
  }
}

/** Bytes behind their length, which is -1 where there are none. */
function bytesAt(bytes: Buffer, at: number): Buffer | null {
  const length = numberAt(bytes, at)
  const from = behind
  behind += Math.max(0, length)
  return length < 0 ? null : bytes.subarray(from, behind)
}

function headersAt(bytes: Buffer, at: number): [string, Buffer | null][] {
  const headers: [string, Buffer | null][] = []
  for (let left = numberAt(bytes, at); left > 0; left--) {
    const name = String(bytesAt(bytes, behind) ?? '')
    headers.push([name, bytesAt(bytes, behind)])
  }
  return headers
}

/** Where the last number that was read ends. */
let behind = 0

/** Reads a zigzag number of 32 bits. */
function numberAt(bytes: Buffer, at: number): number {
  return Number(deltaAt(bytes, at))
}

/** Reads a zigzag number: of up to four bytes as a number; longer ones are rare. */
function deltaAt(bytes: Buffer, at: number): number | bigint {
  let result = 0
  for (let place = 0; place < 4; place++) {
    const byte = bytes[at + place]!
    result |= (byte & 0x7f) << (7 * place)
    if (byte < 0x80) {
      behind = at + place + 1
      return (result >>> 1) ^ -(result & 1)
    }
  }
  return longAt(bytes, at)
}

function longAt(bytes: Buffer, at: number): bigint {
  let result = 0n
  let place = 0
  for (let byte = 0x80; byte >= 0x80 && place < MOST_BYTES; place++) {
    byte = bytes[at + place] ?? 0
    result |= BigInt(byte & 0x7f) << BigInt(7 * place)
  }
  behind = at + place
  return BigInt.asIntN(64, (result >> 1n) ^ -(result & 1n))
}

/** Of a number of 64 bits, seven in each. */
const MOST_BYTES = 10

function later(base: string, delta: number | bigint): string {
  if (delta === 0) return base
  const from = Number(base)
  return isExactSum(from, delta) ? String(from + delta) : String(BigInt(base) + BigInt(delta))
}

/** A number beyond 2^53 is rounded, even if its sum with one of the other sign is not. */
function isExactSum(from: number, delta: number | bigint): delta is number {
  return typeof delta === 'number' && Number.isSafeInteger(from) && Number.isSafeInteger(from + delta)
}
