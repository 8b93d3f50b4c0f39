import { endsOf, withAdmin } from './admin.js'
import type { DeliveriesOptions } from './deliveries-options.js'
import { OffsetBeyondLog } from './errors.js'
import type { KafkaConnection } from './kafka.js'

export interface Start {
  /** What the store holds, null: nothing yet. */
  readonly storedOffset: bigint | null
  /** Where reading begins. */
  readonly offset: bigint
}

/**
 * Gives where a partition's reading begins: at the stored offset; without one at the earliest record, or, from
 * `latest`, where the group stands or now comes to stand.
 *
 * @throws {OffsetBeyondLog} when the partition ends before the stored offset
 */
export async function startOf(
  kafka: KafkaConnection,
  options: Pick<DeliveriesOptions, 'groupId' | 'from' | 'storedOffset' | 'hooks'>,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): Promise<Start> {
  const storedOffset = await options.storedOffset(topic, partition)
  return withAdmin(kafka, async (admin) => {
    const { earliest, end } = (await endsOf(admin, topic)).find((ends) => ends.partition === partition)!
    if (storedOffset === null) {
      if (options.from === 'earliest') return { storedOffset, offset: earliest }
      const [group] = await admin.fetchOffsets({ groupId: options.groupId, topics: [topic] })
      const committed = BigInt(group?.partitions.find((at) => at.partition === partition)?.offset ?? -1)
      return { storedOffset, offset: committed >= earliest && committed <= end ? committed : end }
    }
    if (storedOffset > end) {
      throw new OffsetBeyondLog(
        `the stored offset of ${topic}/${partition} is ${storedOffset}, the partition ends at ${end}: the topic was made ` +
          'anew, or this is another broker; read from a new pipeline name, or delete its rows of outflow.offsets',
        { values: { topic, partition, storedOffset, end } },
      )
    }
    if (storedOffset < earliest) {
      options.hooks?.missed?.({ topic, partition, storedOffset, earliest })
      return { storedOffset, offset: earliest }
    }
    return { storedOffset, offset: storedOffset }
  })
}
