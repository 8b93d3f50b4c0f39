import type { PartitionEnds } from './admin.js'

/** How far reading is behind the end of a partition. */
export interface PartitionLag extends Pick<PartitionEnds, 'topic' | 'partition' | 'end'> {
  /** Of the record that is read next. */
  readonly offset: bigint
  /** Records from there to the end. */
  readonly lag: bigint
}

/**
 * The lag of each partition, by topic and partition.
 *
 * @param stored  positions that reading continues at; a partition without one begins where `from` states, and one whose record
 *   there was deleted by retention at the earliest that is left
 */
export function partitionLags(
  ends: readonly PartitionEnds[],
  stored: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: bigint }[],
  from: 'earliest' | 'latest',
): readonly PartitionLag[] {
  const next = new Map(stored.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]))
  return ends
    .toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
    .map((own) => {
      const { topic, partition, end } = own
      const offset = offsetOf(own, next.get(`${topic}/${partition}`), from)
      return { topic, partition, end, offset, lag: end - offset }
    })
}

function offsetOf({ earliest, end }: PartitionEnds, stored: bigint | undefined, from: 'earliest' | 'latest'): bigint {
  if (stored === undefined) return from === 'earliest' ? earliest : end
  // What retention has deleted cannot be read any more.
  if (stored < earliest) return earliest
  return stored
}
