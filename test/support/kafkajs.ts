import { type Admin, Kafka, logLevel } from 'kafkajs'

/** A client without logs, apart from outflow's own. */
export const plainKafka = (brokers: readonly string[]): Kafka =>
  new Kafka({ brokers: [...brokers], clientId: 'test', logLevel: logLevel.NOTHING })

/** Deletes the records of a partition before an offset, as retention does. */
export function deleteRecords(brokers: readonly string[], topic: string, before: number): Promise<void> {
  return withAdmin(brokers, async (admin) => {
    // kafkajs knows the partition's leader only after it has requested metadata of the topic.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] })
  })
}

export async function withAdmin<T>(brokers: readonly string[], act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = plainKafka(brokers).admin()
  await admin.connect()
  try {
    return await act(admin)
  } finally {
    await admin.disconnect()
  }
}
