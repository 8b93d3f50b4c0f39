import { EARLIEST_MS, LATEST_MS } from '@outflow/contracts'
import type { Client } from '@outflow/store'
import { countAnomalies } from '@outflow/store/anomalies'
import { expect, test, vi } from 'vitest'
import { timeSchema } from './api/index.js'
import { readOverview } from './overview.js'

vi.mock('@outflow/store/pipelines', () => ({ marksBetween: async () => [] }))
vi.mock('@outflow/store/anomalies', () => ({
  anomalySpan: async () => ({ first: new Date(0), last: new Date(LATEST_MS) }),
  countAnomalies: vi.fn(async () => []),
  leastLikelyLimit: async () => null,
}))

test('an anomaly at the latest time does not prevent the overview of any time (it was answered with 500)', async () => {
  const { to } = await readOverview({} as Client, { filter: { pipeline: 'flights' }, steps: 60, compare: false })
  expect(timeSchema.encode(to)).toBe('9999-12-31T23:59:59.999Z')
})

test.each([
  ['before the first anomaly', { to: new Date(-1) }],
  ['at the first anomaly', { to: new Date(0) }],
  ['that begins later', { from: new Date(5), to: new Date(0) }],
])('a span %s has no anomaly (it was 1 ms at the first, and a verdict on all labelled it)', async (_, span) => {
  const { from, to } = await readOverview({} as Client, {
    filter: { pipeline: 'flights', ...span },
    ...{ steps: 60, compare: false },
  })
  expect(to).toEqual(from)
})

test('an anomaly at the latest time does not prevent the comparison with the span before (it was answered with 400)', async () => {
  const filter = { pipeline: 'flights', from: new Date(0) }
  await readOverview({} as Client, { filter, steps: 60, compare: true })
  expect(countAnomalies).toHaveBeenLastCalledWith({}, expect.objectContaining({ from: new Date(EARLIEST_MS) }))
})
