import { createRequire } from 'node:module'
import { Partitioners } from 'kafkajs'
import { expect, test, vi } from 'vitest'
import { makeKafka } from './kafka.js'

const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error')

test('the warning that kafkajs logs for every producer is not logged; its other warnings are', () => {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  const { kafkajs } = makeKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', log })
  kafkajs.producer({ idempotent: true, retry: { retries: 3 }, createPartitioner: Partitioners.DefaultPartitioner })
  expect(log.warn).not.toHaveBeenCalled()
  expect(log.debug).toHaveBeenCalledTimes(1)
  kafkajs.logger().warn('the broker hangs')
  expect(log.warn.mock.calls).toEqual([
    [expect.objectContaining({ message: 'the broker hangs' }), 'kafka client warned'],
  ])
})

test('a missing topic, which is thrown as an error, is not logged at each attempt of kafkajs', () => {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  const logger = makeKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', log }).kafkajs.logger()
  const { message } = createErrorFromCode(UNKNOWN_TOPIC_OR_PARTITION)
  logger.error('Response Metadata(key: 3, version: 6)', { error: message })
  expect(log.warn).not.toHaveBeenCalled()
  logger.error('Response Metadata(key: 3, version: 6)', { error: 'another' })
  expect(log.warn).toHaveBeenCalledTimes(1)
})

const UNKNOWN_TOPIC_OR_PARTITION = 3
