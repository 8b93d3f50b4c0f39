import type { Gap, StoredPosition } from '@outflow/contracts'
import { endsOf, type PartitionEnds, withAdmin } from '../admin.js'
import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerUnavailable, OffsetBeyondLog } from '../errors.js'
import type { TopicIds } from '../kafkajs-internals/topic-ids.js'
import type { DeliveriesOptions } from './deliveries-options.js'

interface StartContext {
  readonly kafka: KafkaConnection
  readonly topicIds: TopicIds
  readonly options: Pick<DeliveriesOptions, 'from' | 'positions' | 'hooks'>
}

/**
 * Returns where reading of a topic's partitions begins: at their stored positions, after skipping gaps.
 *
 * If the topic has no stored position, its partitions begin as `from` states. A partition without a position in a topic that has others
 * was added later, and begins at its first record.
 *
 * @returns the position of each partition, with the broker's id of the topic
 * @throws {OffsetBeyondLog} if a partition of the same topic ends before its stored position
 * @throws {BrokerUnavailable} if the topic lacks a partition without a position, because it was created again after the assignment
 */
export async function startsOf(
  { kafka, topicIds, options: { from, positions, hooks } }: StartContext,
  { topic, partitions }: { readonly topic: string; readonly partitions: readonly number[] },
): Promise<ReadonlyMap<number, StoredPosition>> {
  for (;;) {
    // Read before the log's end: a position that another member moves in between would otherwise appear to be beyond the end.
    const stored = await positions.read(topic)
    const log = await logOf(kafka, topicIds, topic)
    const isIncomplete = (position: StoredPosition | undefined) =>
      position === undefined || (position.topicId === null && log.topicId !== null)
    const incomplete = partitions.filter((partition) => isIncomplete(stored.get(partition)))
    if (incomplete.length > 0) {
      const fromEnd = from === 'latest' && stored.size === 0
      const starts = new Map(
        log.ends.map(({ partition, earliest, end }) => {
          return [partition, { nextOffset: fromEnd ? end : earliest, topicId: log.topicId }] as const
        }),
      )
      const absent = incomplete.find((partition) => !starts.has(partition))
      if (absent !== undefined) {
        throw new BrokerUnavailable(
          `Kafka is not available: ${topic} has no partition ${absent}; it was created again with fewer`,
          { values: { topic, partition: absent } },
        )
      }
      await positions.begin(topic, starts)
      continue
    }
    const gaps = log.ends
      .filter(({ partition }) => partitions.includes(partition))
      .map((ends) => gapBefore(stored.get(ends.partition)!, log.topicId, ends))
      .filter((gap) => gap !== null)
    for (const gap of gaps) if (await positions.skip(gap)) hooks?.missed?.(gap)
    if (gaps.length > 0) continue
    return new Map(
      partitions.map((partition) => [partition, { ...stored.get(partition)!, topicId: log.topicId }] as const),
    )
  }
}

/** Topic id and ends of the partitions. Repeats until both are of the same topic, since it may be recreated between the requests. */
async function logOf(kafka: KafkaConnection, topicIds: TopicIds, topic: string) {
  for (;;) {
    const before = await topicIds.read(topic)
    const ends = await withAdmin(kafka, (admin) => endsOf(admin, topic))
    if ((await topicIds.read(topic)) === before) return { topicId: before, ends }
  }
}

/** Returns the gap between a stored position and the first record that can be read; null: no gap. @throws {OffsetBeyondLog} */
export function gapBefore(
  stored: StoredPosition,
  topicId: string | null,
  { topic, partition, earliest, end }: PartitionEnds,
): Gap | null {
  const next = { nextOffset: earliest, topicId: topicId ?? stored.topicId }
  const gap = { topic, partition, stored, next }
  if (stored.topicId !== next.topicId) return { ...gap, kind: 'recreated', missed: earliest }
  if (stored.nextOffset < earliest) return { ...gap, kind: 'retention', missed: earliest - stored.nextOffset }
  if (stored.nextOffset <= end) return null
  throw new OffsetBeyondLog(
    `the stored offset of ${topic}/${partition} is ${stored.nextOffset}, and the partition ends at ${end}: the broker has lost ` +
      'records, or it has no topic ids and the topic was created again; read under a new pipeline name, or set next_offset of ' +
      'this partition in outflow.offsets to 0',
    { values: { topic, partition, storedOffset: stored.nextOffset, end } },
  )
}
