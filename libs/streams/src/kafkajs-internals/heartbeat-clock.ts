import { createRequire } from 'node:module'

interface ConsumerGroup {
  /** Time of the last heartbeat, epoch ms. */
  lastRequest: number
  heartbeat(options: { readonly interval: number }): Promise<void>
}

/**
 * Makes kafkajs send heartbeats also when the clock has been set back.
 *
 * By itself kafkajs sends none until the time of the last heartbeat is reached again. The group removes the member, which does not
 * notice it and reads no partitions of members that have left.
 */
export function heartbeatByAnyClock(): void {
  const { prototype }: { prototype: ConsumerGroup } = createRequire(import.meta.url)(
    'kafkajs/src/consumer/consumerGroup',
  )
  if (prototype.heartbeat === heartbeatNow) return
  heartbeat = prototype.heartbeat
  prototype.heartbeat = heartbeatNow
}

let heartbeat: ConsumerGroup['heartbeat']

function heartbeatNow(this: ConsumerGroup, options: { readonly interval: number }): Promise<void> {
  if (this.lastRequest > Date.now()) this.lastRequest = 0
  return heartbeat.call(this, options)
}
