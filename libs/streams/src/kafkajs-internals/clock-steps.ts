import { createRequire } from 'node:module'
import { replaceMethod } from './replace-method.js'

interface ConsumerGroup {
  /** Time of the last heartbeat, epoch ms. */
  lastRequest: number
  heartbeat(options: { readonly interval: number }): Promise<void>
}

interface BrokerPool {
  /** When the metadata is read again, epoch ms. */
  metadataExpireAt: number | null
  readonly metadataMaxAge: number
  refreshMetadataIfNecessary(topics: readonly string[]): Promise<void>
}

/**
 * Makes kafkajs send heartbeats and read metadata also when the clock has been set back.
 *
 * kafkajs adds an interval to the time of the last heartbeat and of the last metadata, and waits for the sum. After the clock was set back by
 * an hour, it waits for an hour: the group removes the member, which does not notice it and reads neither partitions of members that have
 * left nor added partitions.
 */
export function tolerateClockSteps(): void {
  const require = createRequire(import.meta.url)
  const group: ConsumerGroup = require('kafkajs/src/consumer/consumerGroup').prototype
  const pool: BrokerPool = require('kafkajs/src/cluster/brokerPool').prototype
  replaceMethod(group, 'heartbeat', (self, heartbeat, options) => {
    if (self.lastRequest > Date.now()) self.lastRequest = 0
    return heartbeat.call(self, options)
  })
  replaceMethod(pool, 'refreshMetadataIfNecessary', (self, refresh, topics) => {
    if (self.metadataExpireAt !== null && self.metadataExpireAt > Date.now() + self.metadataMaxAge)
      self.metadataExpireAt = null
    return refresh.call(self, topics)
  })
}
