import { createRequire } from 'node:module'

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
  if (group.heartbeat === heartbeatNow) return
  heartbeat = group.heartbeat
  group.heartbeat = heartbeatNow
  refresh = pool.refreshMetadataIfNecessary
  pool.refreshMetadataIfNecessary = refreshNow
}

let heartbeat: ConsumerGroup['heartbeat']
let refresh: BrokerPool['refreshMetadataIfNecessary']

function heartbeatNow(this: ConsumerGroup, options: { readonly interval: number }): Promise<void> {
  if (this.lastRequest > Date.now()) this.lastRequest = 0
  return heartbeat.call(this, options)
}

function refreshNow(this: BrokerPool, topics: readonly string[]): Promise<void> {
  if (this.metadataExpireAt !== null && this.metadataExpireAt > Date.now() + this.metadataMaxAge)
    this.metadataExpireAt = null
  return refresh.call(this, topics)
}
