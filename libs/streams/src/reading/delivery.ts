import type { StoredPosition } from '@outflow/contracts'
import type { Message } from '@outflow/records'
import type { Batch, KafkaMessage } from 'kafkajs'
import { EncodedRecord } from '../kafkajs-internals/encoded-record.js'
import { RecordList } from '../kafkajs-internals/fetched-records.js'
import { UnreadableRecord } from '../kafkajs-internals/unreadable-record.js'

/** Names with their values in order; a name may occur more than once, and a value may be null. */
export type KafkaHeaders = readonly (readonly [name: string, value: Buffer | null])[]

export interface KafkaRecord extends Message {
  readonly offset: bigint
  /** Kafka's record timestamp, epoch ms; fixed per offset. Producers may set anything, such as −1 or the year 9999. */
  readonly timestampMs: number
  readonly headers: KafkaHeaders
}

/** The name of a partition among those of all topics: `topic/partition`. */
export const partitionKeyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`

/** Whether a record has no value; false for one that could not be read, since it may have a value. */
export function isTombstone({ value, unreadable }: Pick<KafkaRecord, 'value' | 'unreadable'>): boolean {
  return value === null && unreadable === undefined
}

/** A record with its topic and partition. */
export interface WindowRecord extends KafkaRecord {
  readonly topic: string
  readonly partition: number
}

/** Copies a record's bytes: kafkajs returns views of whole fetch responses, so one kept record would keep megabytes in memory. */
export function copyRecord<R extends WindowRecord>(record: R): R {
  const headers = record.headers.map(([name, value]) => [name, value && Buffer.from(value)] as const)
  return {
    ...record,
    key: record.key && Buffer.from(record.key),
    value: record.value && Buffer.from(record.value),
    headers,
  }
}

/** A list of records, of which each access may create an object: keep the index of a record instead, if most are not needed again. */
interface KafkaRecords extends Iterable<KafkaRecord> {
  readonly length: number
  /** @param index  from 0 */
  at(index: number): KafkaRecord | undefined
  slice(from: number, to?: number): KafkaRecords
}

/** One batch of one partition, and its acknowledgement. One of `acknowledge`, `reposition` and `fail` must be called; further calls do nothing. */
export interface Delivery {
  readonly topic: string
  readonly partition: number
  /** As `partitionKeyOf` returns it. */
  readonly partitionKey: string
  /** Offsets ascend and may have gaps (compaction, transaction markers); none: the batch has only markers and aborted records. */
  readonly records: KafkaRecords
  /** The stored offset before this delivery is written: the compare value of its compare-and-set, with `topicId`. */
  readonly expectedOffset: bigint
  /** The broker's id of the topic that the records are from; null: the broker has no topic ids. */
  readonly topicId: string | null
  /** The stored offset once it is written: after the last record and the transaction markers that follow it. */
  readonly nextOffset: bigint
  /** End of the partition when the batch was fetched. */
  readonly highWatermark: bigint
  /** The batch is written: reading continues after it. From Node 22 on the memory of its records is freed: buffers that were read from them become empty. */
  acknowledge(): void
  /** Another member has moved the stored offset (`superseded`): drops the batch and continues at the stored offset. */
  reposition(): void
  /** The batch cannot be processed: ends the stream with this error, without moving the offset. */
  fail(error: unknown): void
}

type DeliveryEnd =
  | { readonly kind: 'acknowledged' | 'repositioned' | 'abandoned' }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface OpenDelivery {
  readonly delivery: Delivery
  readonly ended: Promise<DeliveryEnd>
  /** Ends the delivery if its consumer does not. */
  abandon(): void
  /** Frees the memory of the records. */
  release(): void
}

/** The parts of kafkajs's batch that a delivery has. */
export type DeliveredBatch = Pick<Batch, 'topic' | 'partition' | 'messages' | 'lastOffset' | 'highWatermark'>

/** Returns a fetched batch as a delivery from a stored position, with a promise of how it ended. */
export function toDelivery(
  batch: DeliveredBatch,
  { nextOffset: expectedOffset, topicId }: StoredPosition,
): OpenDelivery {
  let end!: (how: DeliveryEnd) => void
  const ended = new Promise<DeliveryEnd>((resolve) => {
    end = resolve
  })
  const delivery: Delivery = {
    topic: batch.topic,
    partition: batch.partition,
    partitionKey: partitionKeyOf(batch),
    records: new RecordViews(batch.messages, 0, batch.messages.length),
    expectedOffset,
    topicId,
    // kafkajs's lastOffset includes transaction markers and aborted records, although its messages do not.
    nextOffset: BigInt(batch.lastOffset()) + 1n,
    highWatermark: BigInt(batch.highWatermark),
    acknowledge: () => end({ kind: 'acknowledged' }),
    reposition: () => end({ kind: 'repositioned' }),
    fail: (error) => end({ kind: 'failed', error }),
  }
  return {
    delivery,
    ended,
    abandon: () => end({ kind: 'abandoned' }),
    release: () => {
      const messages: unknown = batch.messages
      if (messages instanceof RecordList) messages.release()
    },
  }
}

/** Returns the offset of the fetch request, which kafkajs's types omit. */
export function fetchedOffset(batch: Batch): bigint {
  return BigInt((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset)
}

/** Converts a message to a record with plain properties. */
export function toRecord(message: KafkaMessage): KafkaRecord {
  const { offset, timestampMs, key, value, headers, unreadable } = new RecordView(message)
  return { offset, timestampMs, key, value, headers, unreadable }
}

/** kafkajs represents headers as an object, with a list for a name that occurs more than once. */
function toHeaders(headers: KafkaMessage['headers']): KafkaHeaders {
  return Object.entries(headers ?? {}).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value): KafkaHeaders[number] => [
      name,
      value === undefined || value === null ? null : Buffer.from(value),
    ]),
  )
}

/** The messages between two indices as records. */
class RecordViews implements KafkaRecords {
  constructor(
    private readonly messages: Pick<readonly KafkaMessage[], 'at'>,
    private readonly from: number,
    private readonly to: number,
  ) {}

  get length(): number {
    return this.to - this.from
  }

  at(index: number): KafkaRecord | undefined {
    return index < this.length ? new RecordView(this.messages.at(this.from + index)!) : undefined
  }

  slice(from: number, to: number = this.length): KafkaRecords {
    return new RecordViews(this.messages, this.from + from, this.from + to)
  }

  *[Symbol.iterator](): Generator<KafkaRecord> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!
  }
}

/** A record that reads its parts on access, since most parts are read once or never. */
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

  get valueIn() {
    const { message } = this
    return message instanceof EncodedRecord ? message.valueIn : undefined
  }

  get headers(): KafkaHeaders {
    const { message } = this
    return message instanceof EncodedRecord ? message.headerList : toHeaders(message.headers)
  }

  get unreadable(): string | undefined {
    const { message } = this
    return message instanceof UnreadableRecord ? message.why : undefined
  }
}
