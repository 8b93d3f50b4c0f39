import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { makeKafka } from '../connection/kafka.js'

test('a partition without a leader fails a request about its topic, and not one about all topics (the relay did not start)', async () => {
  makeKafka({ brokers: ['127.0.0.1:9092'], clientId: 'test' })
  const { protocol } = createRequire(import.meta.url)('kafkajs/src/protocol/requests/metadata')
  const LEADER_NOT_AVAILABLE = 5
  const partitionMetadata = [{ partitionErrorCode: LEADER_NOT_AVAILABLE, partitionId: 0, leader: -1 }]
  const answer = { brokers: [], topicMetadata: [{ topicErrorCode: 0, topic: 't', partitionMetadata }] }
  const parse = (topics: readonly string[]) => protocol({ version: 6 })({ topics }).response.parse(answer)
  await expect(parse(['t'])).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' })
  expect(await parse([])).toBe(answer)
})
