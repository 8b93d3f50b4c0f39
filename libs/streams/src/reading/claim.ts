/** A partition assigned to this member, from one rebalance to the next. */
export class Claim {
  /** The stored position: the next delivery's compare value. Before it has been read: 0. */
  nextOffset = 0n
  /** The topic's id at that position; null: the broker has no topic ids. */
  topicId: string | null = null
  /** Where the next fetch has to begin: after the last delivery, and after batches that kafkajs skips. */
  fetchOffset = 0n
  /** How often the consumer has been set to a position. */
  seeks = 0
  /** The value of `seeks` when the last batch was reported. */
  seeksAtBatch = 0
  /** First offset of an empty batch since the last delivery that may have been fetched before the last seek; null: none. */
  unconfirmed: bigint | null = null
  /** Resolves when the consumer has been set to the stored position. */
  positioned = Promise.resolve()
  /** Resolves when the last delivery has ended. */
  ended = Promise.resolve()

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}
}
