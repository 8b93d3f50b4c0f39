import { StoreUnavailable } from '@outflow/store'
import { expect, test, vi } from 'vitest'
import { keepLeading } from './lead.js'
import type { TrainerContext } from './trainer-context.js'

vi.mock('@outflow/store', async (original) => ({
  ...(await original<object>()),
  withLeadership: (_: unknown, __: string, act: (leadership: object) => unknown, { signal }: { signal: AbortSignal }) =>
    act({ signal }),
}))
vi.mock('@outflow/store/health-events', () => ({ beat: async () => {} }))
vi.mock('./run-shadow.js', () => ({
  adoptCandidate: () => Promise.reject(new StoreUnavailable('too many connections')),
}))

test('a trainer that leads but cannot work waits longer after each attempt (it took and lost leadership ten times a second)', async () => {
  const stop = new AbortController()
  const attempts: number[] = []
  const telemetry = {
    leadershipTaken() {},
    leadershipInterrupted: (_: unknown, attempt: number) => attempts.push(attempt),
  }
  const context = {
    config: { pipeline: 'flights' },
    telemetry,
    signal: stop.signal,
    listen: () => ({ close: async () => {} }),
  }
  const leading = keepLeading(context as unknown as TrainerContext)
  await vi.waitUntil(() => attempts.length === 3)
  stop.abort()
  await leading
  expect(attempts).toEqual([1, 2, 3])
})
