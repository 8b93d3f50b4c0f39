import { setImmediate } from 'node:timers/promises'
import { partitionCounters } from '@outflow/store/batch'
import { beat } from '@outflow/store/health-events'
import { beforeEach, expect, test, vi } from 'vitest'
import { makeHealthCheck, makeHealthWatch } from './health-watch.js'

vi.mock('@outflow/store/health-events', () => ({
  beat: vi.fn(),
  healthFacts: vi.fn(),
  newOccurrences: vi.fn(),
  openHealthEvents: vi.fn(),
}))
vi.mock('@outflow/store/training', () => ({ trainerStatus: vi.fn() }))
vi.mock('@outflow/store/batch', () => ({ partitionCounters: vi.fn() }))

beforeEach(() => void vi.clearAllMocks())

test('a check that fails stores no heartbeat (/readyz reported that there were no open health events)', async () => {
  vi.mocked(partitionCounters).mockRejectedValue(new Error('Kafka is not available'))
  const config = { pipeline: 'flights', source: {} }
  const check = makeHealthCheck({ config } as unknown as Parameters<typeof makeHealthCheck>[0])
  await expect(check()).rejects.toThrow('Kafka is not available')
  expect(beat).not.toHaveBeenCalled()
})

test('a failure that lasts is logged once, also if the relay restarts meanwhile (each restart logged it again)', async () => {
  vi.mocked(partitionCounters).mockRejectedValue(new Error('Kafka is not available'))
  const healthNotChecked = vi.fn()
  const deps = { config: { pipeline: 'flights', source: {} }, telemetry: { healthNotChecked } }
  const watch = makeHealthWatch(deps as unknown as Parameters<typeof makeHealthWatch>[0])
  for (let leadership = 1; leadership <= 2; leadership++) {
    const ended = new AbortController()
    const watching = watch(ended.signal)
    await vi.waitFor(() => expect(partitionCounters).toHaveBeenCalledTimes(leadership))
    await setImmediate()
    ended.abort()
    await watching
  }
  expect(healthNotChecked).toHaveBeenCalledOnce()
})
