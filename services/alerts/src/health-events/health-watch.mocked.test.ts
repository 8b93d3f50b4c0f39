import { partitionCounters } from '@outflow/store/batch'
import { beat } from '@outflow/store/health-events'
import { expect, test, vi } from 'vitest'
import { makeHealthCheck } from './health-watch.js'

vi.mock('@outflow/store/health-events', () => ({
  beat: vi.fn(),
  healthFacts: vi.fn(),
  newOccurrences: vi.fn(),
  openHealthEvents: vi.fn(),
}))
vi.mock('@outflow/store/training', () => ({ trainerStatus: vi.fn() }))
vi.mock('@outflow/store/batch', () => ({ partitionCounters: vi.fn() }))

test('a check that fails stores no heartbeat (/readyz reported that there were no open health events)', async () => {
  vi.mocked(partitionCounters).mockRejectedValue(new Error('Kafka is not available'))
  const config = { pipeline: 'flights', source: {} }
  const check = makeHealthCheck({ config } as unknown as Parameters<typeof makeHealthCheck>[0])
  await expect(check()).rejects.toThrow('Kafka is not available')
  expect(beat).not.toHaveBeenCalled()
})
