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

it('reads no day for a model without anomalies (the list read all days to their end)', async () => {
  const query = vi.fn().mockResolvedValue({ rows: [] })

  const page = await listAnomalies({ query }, { pipeline: 'flights', modelId: 'new', sort: 'bits', limit: 50 })

  expect(page).toEqual({ items: [], next: null })
  expect(query.mock.lastCall![0].values).toEqual(['flights', new Date(0), new Date(0), 'new', 51])
})

it('begins the list of a severity at its least likely anomaly (the rows of all higher severities were read first)', async () => {
  const query = vi.fn().mockResolvedValue({ rows: [] })

  await listAnomalies({ query }, { pipeline: 'flights', severity: 'low', sort: 'bits', limit: 50 })

  expect(query.mock.lastCall![0].text).toContain(
    '(- p_value) <= (select max(- p_value) from outflow.anomalies as anomaly where anomaly.pipeline = $1 and severity = $2)',
  )
})
