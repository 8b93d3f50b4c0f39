import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { tolerateClockSteps } from './clock-steps.js'

const require = createRequire(import.meta.url)
const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup')
const BrokerPool = require('kafkajs/src/cluster/brokerPool')
const HOUR_MS = 3_600_000

beforeEach(() => {
  tolerateClockSteps()
  vi.useFakeTimers({ now: 2 * HOUR_MS })
})
afterEach(() => void vi.useRealTimers())

test('a heartbeat is sent although the clock was set back by an hour, and then again after each interval', async () => {
  const sent = vi.fn()
  const group = new ConsumerGroup({ logger: { namespace() {} }, instrumentationEmitter: { emit() {} } })
  Object.assign(group, { memberId: 'a', coordinator: { heartbeat: sent } })
  for (const atMs of [HOUR_MS, HOUR_MS + 1_000, HOUR_MS + 3_000]) {
    vi.setSystemTime(atMs)
    await group.heartbeat({ interval: 3_000 })
  }
  expect(sent).toHaveBeenCalledTimes(2)
})

test('metadata is read again although the clock was set back by an hour, and then again after its age', async () => {
  const read = vi.fn()
  const pool = new BrokerPool({ logger: { namespace() {} }, metadataMaxAge: 10_000 })
  Object.assign(pool, { metadata: { topicMetadata: [] }, metadataExpireAt: Date.now() + 10_000 })
  pool.refreshMetadata = async () => {
    read()
    pool.metadataExpireAt = Date.now() + 10_000
  }
  for (const atMs of [HOUR_MS, HOUR_MS + 5_000, HOUR_MS + 10_001]) {
    vi.setSystemTime(atMs)
    await pool.refreshMetadataIfNecessary([])
  }
  expect(read).toHaveBeenCalledTimes(2)
})
