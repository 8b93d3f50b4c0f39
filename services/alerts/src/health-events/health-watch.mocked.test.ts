import { setImmediate } from 'node:timers/promises'
import { partitionCounters } from '@outflow/store/batch'
import { beat, healthFacts, newOccurrences, openHealthEvents, storeHealthEvents } from '@outflow/store/health-events'
import { trainerStatus } from '@outflow/store/training'
import { beforeEach, expect, test, vi } from 'vitest'
import { makeHealthCheck, makeHealthWatch } from './health-watch.js'

vi.mock('@outflow/store/health-events', () => ({
  beat: vi.fn(),
  healthFacts: vi.fn(),
  newOccurrences: vi.fn(),
  openHealthEvents: vi.fn(),
  storeHealthEvents: vi.fn(),
}))
vi.mock('@outflow/store/training', () => ({ trainerStatus: vi.fn(), whyNoModelAndFix: vi.fn() }))
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

test('a relay that restarts every 20 s reports a dead trainer after a minute (each restart began the minute again), but not after a pause', async () => {
  vi.mocked(partitionCounters).mockResolvedValue([])
  vi.mocked(healthFacts).mockResolvedValue({ activeId: null, modelAgeMs: null, rejectedFor: null, drift: null })
  vi.mocked(newOccurrences).mockResolvedValue([])
  vi.mocked(openHealthEvents).mockResolvedValue([])
  vi.mocked(storeHealthEvents).mockResolvedValue([])
  vi.mocked(trainerStatus).mockResolvedValue({ beatAgeMs: 120_000, waitingFor: null, lastFit: null })
  let now = 0
  const found = vi.fn()
  const watch = makeHealthWatch({
    config: { pipeline: 'flights', source: { topics: [] }, training: { every: 3_600_000 }, events: {} },
    kafka: { kafkajs: { admin: () => ({ connect: async () => {}, disconnect: async () => {} }) } },
    telemetry: { openHealthEvents: found, healthNotChecked: (error: Error) => expect.unreachable(error.message) },
    now: () => now,
  } as unknown as Parameters<typeof makeHealthWatch>[0])
  const kindsAfter = async (ms: number) => {
    now += ms
    const ended = new AbortController()
    const checks = found.mock.calls.length
    const watching = watch(ended.signal)
    await vi.waitFor(() => expect(found).toHaveBeenCalledTimes(checks + 1))
    ended.abort()
    await watching
    return found.mock.lastCall![0]
  }
  for (let restart = 0; restart < 4; restart++) expect(await kindsAfter(20_000)).toEqual(['no_model'])
  expect(await kindsAfter(20_000)).toEqual(['no_model', 'trainer_dead'])
  expect(await kindsAfter(61_000)).toEqual(['no_model'])
})
