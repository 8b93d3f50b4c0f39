import type { Batch, KafkaMessage } from 'kafkajs'
import { EncodedRecord } from './kafkajs-internals/encoded-record.js'
import { UnreadableRecord } from './kafkajs-internals/unreadable-record.js'

/** Names with their values in order; a name may come more than once, and a value may be null. */
export type KafkaHeaders = readonly (readonly [name: string, value: Buffer | null])[]

export interface KafkaRecord {
  readonly offset: bigint
  /** Kafka's record timestamp, epoch ms; fixed per offset. Producers may set anything, such as −1 or the year 9999. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: KafkaHeaders
  /** Why key, value and headers were not read: the record's batch expands too far. Absent: they were. */
  readonly unreadable?: string | undefined
}

/** Whether a record has no value; one that could not be read may have one. */
export function isTombstone({ value, unreadable }: Pick<KafkaRecord, 'value' | 'unreadable'>): boolean {
  return value === null && unreadable === undefined
}

/** A record with the rest of its position. */
export interface WindowRecord extends KafkaRecord {
  readonly topic: string
  readonly partition: number
}

/** kafkajs gives views of whole fetch responses: one kept record would hold megabytes of others in memory. */
export function copyRecord<R extends WindowRecord>(record: R): R {
  const headers = record.headers.map(([name, value]) => [name, value && Buffer.from(value)] as const)
  return {
    ...record,
    key: record.key && Buffer.from(record.key),
    value: record.value && Buffer.from(record.value),
    headers,
  }
}

/** One batch of one partition, and its acknowledgement. One of the three ends must be called; further calls do nothing. */
export interface Delivery {
  readonly topic: string
  readonly partition: number
  /** `topic/partition`. */
  readonly partitionKey: string
  /** At least one; offsets ascend and may have gaps (compaction, transaction markers). */
  readonly records: readonly KafkaRecord[]
  /** What the store holds before this delivery is written: the compare of its compare-and-set. */
  readonly expectedOffset: bigint
  /** What the store holds once it is written: past the last record and the markers behind it. */
  readonly nextOffset: bigint
  /** End of the partition when the batch was fetched. */
  readonly highWatermark: bigint
  /** The batch is written: continue after it. */
  acknowledge(): void
  /** The store has moved without us (`superseded`): drop the batch, read the stored offset, go on there. */
  reposition(): void
  /** The batch cannot be processed: ends the stream with this error, the offset unmoved. */
  fail(error: unknown): void
}

export type DeliveryEnd =
  | { readonly kind: 'acknowledged' | 'repositioned' | 'abandoned' }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface OpenDelivery {
  readonly delivery: Delivery
  readonly ended: Promise<DeliveryEnd>
  /** Ends it where nobody else will. */
  abandon(): void
}

/** Returns a fetched batch as a delivery, and how it ended. */
export function toDelivery(batch: Batch, expectedOffset: bigint): OpenDelivery {
  let end!: (how: DeliveryEnd) => void
  const ended = new Promise<DeliveryEnd>((resolve) => {
    end = resolve
  })
  const delivery: Delivery = {
    topic: batch.topic,
    partition: batch.partition,
    partitionKey: `${batch.topic}/${batch.partition}`,
    records: batch.messages.map((message) => new RecordView(message)),
    expectedOffset,
    // kafkajs counts transaction markers and aborted records into lastOffset, although it does not show them.
    nextOffset: BigInt(batch.lastOffset()) + 1n,
    highWatermark: BigInt(batch.highWatermark),
    acknowledge: () => end({ kind: 'acknowledged' }),
    reposition: () => end({ kind: 'repositioned' }),
    fail: (error) => end({ kind: 'failed', error }),
  }
  return { delivery, ended, abandon: () => end({ kind: 'abandoned' }) }
}

/** Returns the offset that the broker was asked for; kafkajs's types leave it out. */
export function fetchedOffset(batch: Batch): bigint {
  return BigInt((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset)
}

/** A record to keep. */
export function toRecord(message: KafkaMessage): KafkaRecord {
  const { offset, timestamp, key, value, headers } = message
  const record = { offset: BigInt(offset), timestampMs: Number(timestamp), key, value, headers: toHeaders(headers) }
  const unreadable = whyUnreadable(message)
  return unreadable === undefined ? record : { ...record, unreadable }
}

function whyUnreadable(message: KafkaMessage): string | undefined {
  return message instanceof UnreadableRecord ? message.why : undefined
}

/** kafkajs has an object with a list for a name that came more than once. */
function toHeaders(headers: KafkaMessage['headers']): KafkaHeaders {
  return Object.entries(headers ?? {}).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value): KafkaHeaders[number] => [
      name,
      value === undefined || value === null ? null : Buffer.from(value),
    ]),
  )
}

/** A record to pass by: its parts are read when they are asked for, of most records never or once. */
class RecordView implements KafkaRecord {
  constructor(private readonly message: KafkaMessage) {}

  get offset(): bigint {
    return BigInt(this.message.offset)
  }

  get timestampMs(): number {
    const { message } = this
    return message instanceof EncodedRecord ? message.timestampMs : Number(message.timestamp)
  }

  get key(): Buffer | null {
    return this.message.key
  }

  get value(): Buffer | null {
    return this.message.value
  }

  get headers(): KafkaHeaders {
    const { message } = this
    return message instanceof EncodedRecord ? message.headerList : toHeaders(message.headers)
  }

  get unreadable(): string | undefined {
    return whyUnreadable(this.message)
  }
}
