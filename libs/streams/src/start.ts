import { endsOf, type PartitionEnds, withAdmin } from './admin.js'
import type { DeliveriesOptions } from './deliveries-options.js'
import { OffsetBeyondLog } from './errors.js'
import type { KafkaConnection } from './kafka.js'
import type { TopicIds } from './kafkajs-internals/topic-ids.js'
import type { Gap, StoredPosition } from './positions.js'

interface StartContext {
  readonly kafka: KafkaConnection
  readonly topicIds: TopicIds
  readonly options: Pick<DeliveriesOptions, 'from' | 'positions' | 'hooks'>
}

/**
 * Returns where reading of a partition begins: at the stored position, after skipping gaps.
 *
 * If the topic has no stored position, its partitions begin as `from` states. A partition without a position in a topic that has others
 * was added later, and begins at its first record.
 *
 * @returns the position, with the broker's id of the topic
 * @throws {OffsetBeyondLog} if the partition of the same topic ends before the stored position
 */
export async function startOf(
  { kafka, topicIds, options: { from, positions, hooks } }: StartContext,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): Promise<StoredPosition> {
  for (;;) {
    // Read before the log's end: a position that another member moves in between would otherwise appear to be beyond the end.
    const stored = await positions.read(topic)
    const log = await logOf(kafka, topicIds, topic)
    const position = stored.get(partition)
    if (position === undefined || (position.topicId === null && log.topicId !== null)) {
      const fromEnd = from === 'latest' && stored.size === 0
      const starts = log.ends.map((own) => {
        return [own.partition, { nextOffset: fromEnd ? own.end : own.earliest, topicId: log.topicId }] as const
      })
      await positions.begin(topic, new Map(starts))
      continue
    }
    const gap = gapBefore(position, log.topicId, log.ends.find((ends) => ends.partition === partition)!)
    if (gap === null) return { nextOffset: position.nextOffset, topicId: log.topicId }
    if (await positions.skip(gap)) hooks?.missed?.(gap)
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
      'records, or it has no topic ids and the topic was created again; read under a new pipeline name, or delete the rows of ' +
      'the topic from outflow.offsets',
    { values: { topic, partition, storedOffset: stored.nextOffset, end } },
  )
}
