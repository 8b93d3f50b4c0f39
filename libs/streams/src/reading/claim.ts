/** A partition assigned to this member, from one rebalance to the next. */
export interface Claim {
  readonly topic: string
  readonly partition: number
  /** The stored position: the next delivery's compare value. */
  nextOffset: bigint
  /** The topic's id at that position; null: the broker has no topic ids. */
  topicId: string | null
  /** Where the next fetch has to begin: after the last delivery, and after batches that kafkajs skips. */
  fetchOffset: bigint
  /** How often the consumer has been set to a position. */
  seeks: number
  /** The value of `seeks` when the last batch was reported. */
  seeksAtBatch: number
  /** First offset of an empty batch since the last delivery that may have been fetched before the last seek; null: none. */
  doubted: bigint | null
  /** Resolves when the consumer has been set to the stored position. */
  positioned: Promise<void>
  /** Resolves when the last delivery has ended. */
  ended: Promise<void>
}

/** A partition whose position has not been read yet. */
export function newClaim(topic: string, partition: number): Claim {
  return {
    topic,
    partition,
    nextOffset: 0n,
    topicId: null,
    fetchOffset: 0n,
    seeks: 0,
    seeksAtBatch: 0,
    doubted: null,
    positioned: Promise.resolve(),
    ended: Promise.resolve(),
  }
}
