import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { makeKafka } from '../connection/kafka.js'
import { replaceInternals } from './replace-internals.js'
import { openTopicIds } from './topic-ids.js'

const require = createRequire(import.meta.url)
const DECODER = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages'

test('nothing is replaced in another version of kafkajs, and the log has both versions', () => {
  const before: unknown = require(DECODER)
  const warnings: object[] = []
  const log = { debug() {}, warn: (fields: object) => warnings.push(fields) }
  replaceInternals(log, '3.0.0')
  expect(require(DECODER)).toBe(before)
  expect(warnings).toEqual([{ version: '3.0.0', testedVersion: '2.2.4' }])
})

test('the installed kafkajs is the tested version', () => {
  const warnings: object[] = []
  replaceInternals({ debug() {}, warn: (fields) => warnings.push(fields) })
  expect(warnings).toEqual([])
})

test('with another version of kafkajs topics have no ids', async () => {
  const topicIds = openTopicIds(makeKafka({ brokers: ['127.0.0.1:1'], clientId: 'test' }), '3.0.0')
  expect(await topicIds.read('orders')).toBeNull()
  await topicIds.close()
})
