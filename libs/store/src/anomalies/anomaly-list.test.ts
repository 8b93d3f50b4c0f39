import { expect, it, vi } from 'vitest'
import { listAnomalies } from './anomaly-list.js'

it("reads only the days of a model for the list of its anomalies (an old model's took longer than a query may)", async () => {
  const [from, last] = [new Date('2026-01-02T08:00Z'), new Date('2026-01-03T09:00Z')]
  const query = vi
    .fn()
    .mockResolvedValueOnce({ rows: [{ from, last }] })
    .mockResolvedValueOnce({ rows: [] })

  await listAnomalies({ query }, { pipeline: 'flights', modelId: 'old', sort: 'bits', limit: 50 })

  expect(query.mock.lastCall![0].values).toEqual(['flights', from, new Date(last.getTime() + 1), 'old', 51])
})
