import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { reportAttemptedFirst } from './attempted-first.js'

const requests = createRequire(import.meta.url)('kafkajs/src/protocol/requests/addPartitionsToTxn')

const NOT_ATTEMPTED = 55
const UNKNOWN_TOPIC_OR_PARTITION = 3
const TOPIC_AUTHORIZATION_FAILED = 29

/** The answer of a broker as kafkajs decodes it: error codes of the partitions of each topic, from 0. */
async function parse(codes: Readonly<Record<string, readonly number[]>>): Promise<unknown> {
  reportAttemptedFirst()
  const { response } = requests.protocol({ version: 1 })({ transactionalId: 't', topics: [] })
  return response.parse({
    errors: Object.entries(codes).map(([topic, own]) => ({
      topic,
      partitionErrors: own.map((errorCode, partition) => ({ partition, errorCode })),
    })),
  })
}

test('the reason that one partition is refused is reported, not that the others were not attempted', async () => {
  await expect(parse({ alerts: [NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION] })).rejects.toMatchObject({
    type: 'UNKNOWN_TOPIC_OR_PARTITION',
  })
  await expect(parse({ alerts: [NOT_ATTEMPTED], 'dead-letters': [TOPIC_AUTHORIZATION_FAILED] })).rejects.toMatchObject({
    type: 'TOPIC_AUTHORIZATION_FAILED',
  })
})

test('partitions that were only not attempted remain an error, and an answer without errors is accepted', async () => {
  await expect(parse({ alerts: [NOT_ATTEMPTED] })).rejects.toMatchObject({ type: 'OPERATION_NOT_ATTEMPTED' })
  await expect(parse({ alerts: [0, 0] })).resolves.toMatchObject({ errors: [{ topic: 'alerts' }] })
})
