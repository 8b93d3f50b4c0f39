import { createRequire } from 'node:module'
import { expect, test, vi } from 'vitest'
import { heartbeatByAnyClock } from './heartbeat-clock.js'

const ConsumerGroup = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup')
const HOUR_MS = 3_600_000

test('a heartbeat is sent although the clock was set back by an hour, and then again after each interval', async () => {
  heartbeatByAnyClock()
  const sent = vi.fn()
  vi.useFakeTimers({ now: 2 * HOUR_MS })
  try {
    const group = new ConsumerGroup({ logger: { namespace() {} }, instrumentationEmitter: { emit() {} } })
    Object.assign(group, { memberId: 'a', coordinator: { heartbeat: sent } })
    for (const atMs of [HOUR_MS, HOUR_MS + 1_000, HOUR_MS + 3_000]) {
      vi.setSystemTime(atMs)
      await group.heartbeat({ interval: 3_000 })
    }
  } finally {
    vi.useRealTimers()
  }
  expect(sent).toHaveBeenCalledTimes(2)
})
