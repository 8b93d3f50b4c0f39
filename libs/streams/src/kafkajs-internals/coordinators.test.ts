import { createRequire } from 'node:module'
import { KafkaJSGroupCoordinatorNotFound, KafkaJSProtocolError } from 'kafkajs'
import { expect, it } from 'vitest'
import { replaceCoordinatorLookup } from './coordinators.js'

const protocolError = (type: string, retriable: boolean) =>
  new KafkaJSProtocolError(Object.assign(new Error(`broker said ${type}`), { type, code: 1, retriable }))

it.each([
  ['the refusal of a broker, which kafkajs reports as an absent coordinator', 'GROUP_AUTHORIZATION_FAILED', false],
  ["kafkajs's error if a retry may succeed", 'GROUP_COORDINATOR_NOT_AVAILABLE', true],
])('a failed look-up ends with %s', async (_, type, retriable) => {
  const reason = protocolError(type, retriable)
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/cluster')
  replaceCoordinatorLookup()
  const cluster = {
    // kafkajs asks each broker, and drops their errors.
    brokerPool: {
      withBroker: async () => null,
      findConnectedBroker: async () => ({ findGroupCoordinator: async () => Promise.reject(reason) }),
    },
  }
  const found = prototype.findGroupCoordinatorMetadata.call(cluster, { groupId: 'flights' })
  await expect(found).rejects.toThrow(retriable ? KafkaJSGroupCoordinatorNotFound : reason)
})
