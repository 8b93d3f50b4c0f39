export type KafkaHeaders = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>

export interface KafkaRecord {
  readonly offset: bigint
  /** Kafka's record timestamp, epoch ms; fixed per offset. Producers may set anything, such as −1 or the year 9999. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: KafkaHeaders
}

/** One batch of one partition, and its acknowledgement. Exactly one of the three ends must be called, once. */
export interface Delivery {
  readonly topic: string
  readonly partition: number
  /** `topic/partition`. */
  readonly partitionKey: string
  /** At least one; offsets ascend and may have gaps (compaction, transaction markers). */
  readonly records: readonly KafkaRecord[]
  /** What the store holds before this delivery is written (null: nothing): the compare of its compare-and-set. */
  readonly expectedOffset: bigint | null
  /** What the store holds once it is written: past the last record and the markers behind it. */
  readonly nextOffset: bigint
  /** End of the partition when the batch was fetched. */
  readonly highWatermark: bigint
  /** The batch is written: go on behind it. */
  acknowledge(): void
  /** The store has moved without us (`superseded`): drop the batch, read the stored offset, go on there. */
  reposition(): void
  /** The batch can not be processed: ends the stream with this error, the offset unmoved. */
  fail(error: unknown): void
}
