import { createRequire } from 'node:module'
import { Partitioners } from 'kafkajs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeKafka } from './kafka.js'

const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error')

/** A client of kafkajs with a log that notes its lines. */
function aClient() {
  const log = { debug: vi.fn(), warn: vi.fn() }
  const { kafkajs } = makeKafka({ brokers: ['127.0.0.1:1'], clientId: 'test', log })
  return { log, kafkajs, logger: kafkajs.logger() }
}

test('the warning that kafkajs logs for every producer is not logged; its other warnings are', () => {
  const { log, kafkajs, logger } = aClient()
  kafkajs.producer({ idempotent: true, retry: { retries: 3 }, createPartitioner: Partitioners.DefaultPartitioner })
  expect(log.warn).not.toHaveBeenCalled()
  expect(log.debug).toHaveBeenCalledTimes(1)
  logger.warn('the broker hangs')
  expect(log.warn.mock.calls).toEqual([
    [expect.objectContaining({ message: 'the broker hangs' }), 'kafka client warned'],
  ])
})

test('a missing topic, which is thrown as an error, is not logged at each attempt of kafkajs', () => {
  const { log, logger } = aClient()
  const { message } = createErrorFromCode(UNKNOWN_TOPIC_OR_PARTITION)
  logger.error('Response Metadata(key: 3, version: 6)', { error: message })
  expect(log.warn).not.toHaveBeenCalled()
  logger.error('Response Metadata(key: 3, version: 6)', { error: 'another' })
  expect(log.warn).toHaveBeenCalledTimes(1)
})

test('the error that ends a consumer is not logged twice (`consumer restarted` followed with the same error)', () => {
  const { log, logger } = aClient()
  logger.error('Crash: KafkaJSNonRetriableError: Connection error', { groupId: 'flights' })
  expect(log.warn).not.toHaveBeenCalled()
  expect(log.debug).toHaveBeenCalledOnce()
})

test('an error that kafkajs logs in place of a text is logged (it hid a refused login: "message.replace is not a function")', () => {
  const { log, logger } = aClient()
  logger.error(new Error('authentication failed') as unknown as string)
  expect(log.warn.mock.calls).toMatchObject([[{ message: 'Error: authentication failed' }, 'kafka client warned']])
})

test('a warning that repeats is logged once a minute (a broker that was down filled the log with several lines a second)', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { log, logger } = aClient()
  const fail = (attempt: number) => {
    logger.error('Connection error: connect ECONNREFUSED', { broker: '127.0.0.1:1' })
    logger.error(`Restarting the consumer in ${attempt}ms`, { error: 'no broker' })
  }
  for (let attempt = 0; attempt < 100; attempt++) fail(attempt)
  expect(log.warn).toHaveBeenCalledTimes(2)
  logger.error('Connection error: connect ECONNREFUSED', { broker: '127.0.0.2:1' })
  expect(log.warn).toHaveBeenCalledTimes(3)
  vi.advanceTimersByTime(60_000)
  fail(100)
  expect(log.warn.mock.calls.slice(3).map(([{ repeated }]) => repeated)).toEqual([99, 99])
})

const UNKNOWN_TOPIC_OR_PARTITION = 3
