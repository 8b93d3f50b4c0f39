import { createRequire } from 'node:module'
import { expect, test, vi } from 'vitest'
import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerUnavailable } from '../errors.js'
import { openTopicIds } from './topic-ids.js'

test('a broker that accepts connections and does not answer is retried (ingest ended with a TypeError)', async () => {
  const Broker = createRequire(import.meta.url)('kafkajs/src/broker')
  const log = { namespace: () => log }
  // kafkajs returns it as connected, because its socket is, although the request of the versions has timed out.
  const silent = new Broker({ connectionPool: { host: 'localhost', port: 9092 }, logger: log })
  const disconnect = vi.fn(async () => {})
  const cluster = { connect: async () => {}, disconnect, brokerPool: { findConnectedBroker: async () => silent } }
  const kafka = { kafkajs: { [Symbol('private:Kafka:createCluster')]: () => cluster } } as unknown as KafkaConnection
  const topicIds = openTopicIds(kafka)
  await expect(topicIds.read('flights')).rejects.toThrow(BrokerUnavailable)
  expect(disconnect).toHaveBeenCalledOnce()
})
