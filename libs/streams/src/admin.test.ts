import { type Admin, KafkaJSProtocolError } from 'kafkajs'
import { describe, expect, it, test } from 'vitest'
import { createTopics, describeCluster, makeKafkaCheck, partitionEnds } from './admin.js'
import type { KafkaConnection } from './connection/kafka.js'
import { BrokerRefused, BrokerUnavailable } from './errors.js'
import { countWindow } from './reading/read-window.js'

const protocolError = (type: string, retriable: boolean) =>
  new KafkaJSProtocolError(Object.assign(new Error(`broker said ${type}`), { type, code: 1, retriable }))

describe('createTopics', () => {
  it('waits until the broker has received the new topic and its partitions have leaders', async () => {
    const answers = [protocolError('UNKNOWN_TOPIC_OR_PARTITION', true), protocolError('LEADER_NOT_AVAILABLE', true)]
    const admin = anAdmin(answers)
    await createTopics(admin, [{ topic: 'flights', numPartitions: 1 }])
    expect(answers).toEqual([])
  })

  it('throws BrokerRefused, with the name of the topic, if the broker refuses it', async () => {
    const refused = protocolError('TOPIC_AUTHORIZATION_FAILED', false)
    const refusing = { ...anAdmin([]), createTopics: async () => Promise.reject(refused) }
    for (const admin of [refusing, anAdmin([refused])]) {
      const error = await createTopics(admin, [{ topic: 'flights' }]).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(BrokerRefused)
      expect(error).toMatchObject({ problem: 'Kafka refused access to topic flights' })
    }
  })
})

test('issue 23: a connection that breaks before the broker has returned metadata is BrokerUnavailable, not a TypeError', async () => {
  // kafkajs throws this because it destructures a response that is null.
  const admin = {
    connect: async () => {},
    disconnect: async () => {},
    describeCluster: async () => Promise.reject(new TypeError()),
  }
  const kafka = { kafkajs: { admin: () => admin } } as unknown as KafkaConnection
  await expect(describeCluster(kafka)).rejects.toThrow(BrokerUnavailable)
})

test('the check of readiness names a refused connection before the two seconds of a probe end', {
  timeout: 2_000,
}, async () => {
  const check = makeKafkaCheck({ brokers: ['127.0.0.1:1'], clientId: 'outflow' })
  await expect(check()).rejects.toThrow('connect ECONNREFUSED 127.0.0.1:1')
})

test('of several topics the missing one is named, although kafkajs fails concurrent requests for the others too', async () => {
  const asked = new Set<string>()
  const fetchOffsets = async (topic: string) => {
    asked.add(topic)
    await Promise.resolve()
    if (asked.has('missing')) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION', true)
    return []
  }
  const admin = {
    connect: async () => {},
    disconnect: async () => {},
    fetchTopicOffsets: fetchOffsets,
    fetchTopicOffsetsByTimestamp: fetchOffsets,
  }
  const kafka = { kafkajs: { admin: () => admin } } as unknown as KafkaConnection
  const topics = ['flights', 'missing']
  await expect(partitionEnds(kafka, topics)).rejects.toThrow('topic missing does not exist')
  asked.clear()
  await expect(countWindow(kafka, { topics, fromMs: 0 })).rejects.toThrow('topic missing does not exist')
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
