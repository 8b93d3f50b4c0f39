import { expect, test, vi } from 'vitest'
import type { KafkaConnection } from '../connection/kafka.js'
import { TopicUnknown } from '../errors.js'
import { deliveries } from './deliveries.js'
import { positionsInMemory } from './positions.js'

const UNKNOWN_TOPIC_OR_PARTITION = 3

/** A broker that has no topics. */
function withoutTopics() {
  const answer = async () => new Map([['nowhere', { id: '', errorCode: UNKNOWN_TOPIC_OR_PARTITION }]])
  const broker = { versions: { 3: { maxVersion: 12 } }, connectionPool: { send: answer } }
  const cluster = { brokerPool: { findConnectedBroker: async () => broker }, connect() {}, disconnect() {} }
  const consumer = { events: {}, on() {}, connect: vi.fn(), disconnect: async () => {} }
  const kafkajs = { consumer: () => consumer, [Symbol('private:Kafka:createCluster')]: () => cluster }
  return { kafka: { kafkajs } as unknown as KafkaConnection, consumer }
}

test('a topic that does not exist is named before kafkajs requests it, and awaited', async () => {
  const { kafka, consumer } = withoutTopics()
  const stop = new AbortController()
  const restarting = vi.fn(() => stop.abort())
  const stream$ = deliveries(kafka, {
    ...{ groupId: 'g', topics: ['nowhere'], from: 'earliest', positions: positionsInMemory() },
    ...{ signal: stop.signal, hooks: { restarting } },
  })
  await new Promise<void>((resolve, reject) => stream$.subscribe({ complete: resolve, error: reject }))
  expect(restarting).toHaveBeenCalledExactlyOnceWith(new TopicUnknown(['nowhere']))
  expect(consumer.connect).not.toHaveBeenCalled()
})
