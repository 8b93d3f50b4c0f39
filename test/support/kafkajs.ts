import { type Admin, Kafka, logLevel } from 'kafkajs'

/** A client without logs, apart from outflow's own. */
export const plainKafka = (brokers: readonly string[]): Kafka =>
  new Kafka({ brokers: [...brokers], clientId: 'test', logLevel: logLevel.NOTHING })

export async function withAdmin<T>(brokers: readonly string[], act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = plainKafka(brokers).admin()
  await admin.connect()
  try {
    return await act(admin)
  } finally {
    await admin.disconnect()
  }
}
