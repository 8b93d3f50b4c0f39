/** The fields of a batch that its records or kafkajs's consumer read, with kafkajs's names; 64-bit numbers are text. */
export interface BatchContext {
  readonly firstOffset: string
  readonly lastOffsetDelta: number
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly timestampType: number
  readonly producerId: string
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
}

export const CREATE_TIME = 0
export const LOG_APPEND_TIME = 1

/** Records of one batch, located but not read. */
export class EncodedBatch {
  /** Epoch ms. */
  readonly firstTimestampMs: number

  /** @param places  for each record, where its parts begin in the bytes */
  constructor(
    readonly context: BatchContext,
    readonly bytes: Buffer,
    private readonly places: Uint32Array,
  ) {
    this.firstTimestampMs = Number(context.firstTimestamp)
  }

  get length(): number {
    return this.places.length
  }

  at(index: number): EncodedRecord {
    return new EncodedRecord(this, this.places[index]!)
  }

  filter(test: (record: EncodedRecord) => boolean): EncodedBatch {
    const kept = this.places.filter((place) => test(new EncodedRecord(this, place)))
    return new EncodedBatch(this.context, this.bytes, kept)
  }
}

/** Locates `count` consecutive records. */
export function locateRecords(context: BatchContext, bytes: Buffer, from: number, count: number): EncodedBatch {
  // A wrong count cannot exceed the bytes.
  const places = new Uint32Array(Math.min(Math.max(0, count), bytes.length))
  let at = from
  for (let index = 0; index < places.length; index++) {
    const length = numberAt(bytes, at)
    places[index] = nextAt
    at = nextAt + length
  }
  return new EncodedBatch(context, bytes, places)
}

/**
 * A record with those of kafkajs's properties that consumers read; each part is read from the bytes when it is accessed.
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

  get isControlRecord(): boolean {
    return this.batch.context.isControlBatch
  }

  get timestamp(): string {
    const { firstTimestamp, maxTimestamp, timestampType } = this.batch.context
    return timestampType === LOG_APPEND_TIME ? maxTimestamp : addDelta(firstTimestamp, this.timeDelta())
  }

  /** The number in the text, epoch ms. */
  get timestampMs(): number {
    const { context, firstTimestampMs } = this.batch
    const delta = this.timeDelta()
    if (context.timestampType === LOG_APPEND_TIME || !isExactSum(firstTimestampMs, delta)) return Number(this.timestamp)
    return firstTimestampMs + delta
  }

  get offset(): string {
    this.timeDelta()
    return addDelta(this.batch.context.firstOffset, numberAt(this.batch.bytes, nextAt))
  }

  get key(): Buffer | null {
    return bytesAt(this.batch.bytes, this.keyAt())
  }

  get value(): Buffer | null {
    return bytesAt(this.batch.bytes, this.valueAt())
  }

  /** Place of the value; null: there is none. One shared object, which the next call overwrites for any record. */
  get valueIn(): Readonly<typeof VALUE_IN> | null {
    const { bytes } = this.batch
    const length = numberAt(bytes, this.valueAt())
    if (length < 0) return null
    VALUE_IN.bytes = bytes
    VALUE_IN.from = nextAt
    VALUE_IN.end = nextAt + length
    return VALUE_IN
  }

  /** In kafkajs's form: a name that occurs more than once has a list. */
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
    return headersAt(bytes, nextAt + Math.max(0, length))
  }

  private timeDelta(): number | bigint {
    return deltaAt(this.batch.bytes, this.at + 1)
  }

  private keyAt(): number {
    this.timeDelta()
    numberAt(this.batch.bytes, nextAt)
    return nextAt
  }

  private valueAt(): number {
    const length = numberAt(this.batch.bytes, this.keyAt())
    return nextAt + Math.max(0, length)
  }
}

const VALUE_IN: { bytes: Buffer; from: number; end: number } = { bytes: Buffer.alloc(0), from: 0, end: 0 }

/** Reads bytes after their length, which is -1 for null. */
function bytesAt(bytes: Buffer, at: number): Buffer | null {
  const length = numberAt(bytes, at)
  const from = nextAt
  nextAt += Math.max(0, length)
  return length < 0 ? null : bytes.subarray(from, nextAt)
}

function headersAt(bytes: Buffer, at: number): [string, Buffer | null][] {
  const headers: [string, Buffer | null][] = []
  for (let left = numberAt(bytes, at); left > 0; left--) {
    const name = String(bytesAt(bytes, nextAt) ?? '')
    headers.push([name, bytesAt(bytes, nextAt)])
  }
  return headers
}

/** Index after the last number or bytes read. */
let nextAt = 0

/** Reads a 32-bit zigzag varint. */
function numberAt(bytes: Buffer, at: number): number {
  return Number(deltaAt(bytes, at))
}

/** Reads a zigzag varint; the fast path handles up to four bytes, longer ones are rare. */
function deltaAt(bytes: Buffer, at: number): number | bigint {
  let result = 0
  for (let place = 0; place < 4; place++) {
    const byte = bytes[at + place]!
    result |= (byte & 0x7f) << (7 * place)
    if (byte < 0x80) {
      nextAt = at + place + 1
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
  nextAt = at + place
  return BigInt.asIntN(64, (result >> 1n) ^ -(result & 1n))
}

/** Bytes of a 64-bit varint, seven bits each. */
const MOST_BYTES = 10

function addDelta(base: string, delta: number | bigint): string {
  if (delta === 0) return base
  const from = Number(base)
  return isExactSum(from, delta) ? String(from + delta) : String(BigInt(base) + BigInt(delta))
}

/** Both have to be within ± 2^53: a number beyond is rounded, even if its sum with one of the other sign is not. */
function isExactSum(from: number, delta: number | bigint): delta is number {
  return typeof delta === 'number' && Number.isSafeInteger(from) && Number.isSafeInteger(from + delta)
}
