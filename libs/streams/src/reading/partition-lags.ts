import type { PartitionEnds } from '../admin.js'
import { partitionKeyOf } from './delivery.js'

/** The distance from the next record to read to the end of a partition. */
export interface PartitionLag extends Pick<PartitionEnds, 'topic' | 'partition' | 'end'> {
  /** Offset of the next record to read. */
  readonly offset: bigint
  /** Records from there to the end. */
  readonly lag: bigint
}

/**
 * The lag of each partition, by topic and partition.
 *
 * @param ends    read after `stored`, which would otherwise be beyond an end that has moved since
 * @param stored  positions at which reading continues; a partition of a topic without any begins as `from` states, and one that was added
 *   later, or whose record there was deleted, by retention or with a topic that was created again, at the earliest remaining record
 */
export function partitionLags(
  ends: readonly PartitionEnds[],
  stored: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: bigint }[],
  from: 'earliest' | 'latest',
): readonly PartitionLag[] {
  const nextOffsets = new Map(stored.map((position) => [partitionKeyOf(position), position.nextOffset]))
  const begunTopics = new Set(stored.map(({ topic }) => topic))
  return ends
    .toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
    .map((own) => {
      const { topic, partition, end } = own
      const offset = offsetOf(own, nextOffsets.get(partitionKeyOf(own)), begunTopics.has(topic) ? 'earliest' : from)
      return { topic, partition, end, offset, lag: end - offset }
    })
}

function offsetOf({ earliest, end }: PartitionEnds, stored: bigint | undefined, from: 'earliest' | 'latest'): bigint {
  if (stored === undefined) return from === 'earliest' ? earliest : end
  return stored < earliest || stored > end ? earliest : stored
}
