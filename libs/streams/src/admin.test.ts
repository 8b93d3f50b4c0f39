import { type Admin, KafkaJSProtocolError } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { createTopics } from './admin.js'
import { BrokerRefused } from './errors.js'

const protocolError = (type: string, retriable: boolean) =>
  new KafkaJSProtocolError(Object.assign(new Error(`broker said ${type}`), { type, code: 1, retriable }))

describe('createTopics', () => {
  it('waits until the broker has received the new topic and its partitions have leaders', async () => {
    const answers = [protocolError('UNKNOWN_TOPIC_OR_PARTITION', true), protocolError('LEADER_NOT_AVAILABLE', true)]
    const admin = anAdmin(answers)
    await createTopics(admin, [{ topic: 'flights', numPartitions: 1 }])
    expect(answers).toEqual([])
  })

  it('throws what the broker refuses', async () => {
    const admin = anAdmin([protocolError('TOPIC_AUTHORIZATION_FAILED', false)])
    await expect(createTopics(admin, [{ topic: 'flights' }])).rejects.toThrow(BrokerRefused)
  })
})

/** An admin whose requests for metadata fail with these errors, in this order, and then succeed. */
const anAdmin = (failures: Error[]): Admin =>
  ({
    createTopics: async () => true,
    fetchTopicMetadata: async () => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return { topics: [] }
    },
  }) as unknown as Admin
