import type { Client } from '@outflow/store'
import { expect, test } from 'vitest'
import { testServer } from '../test-server.js'

test('one row shows that a verdict on all is one on too many anomalies (1,001 whole rows were read)', async () => {
  const db = { query: async () => ({ rows: [{}] }) } as unknown as Client
  const server = await testServer((query) => query(db))
  const answer = await server.inject({
    method: 'POST',
    url: '/api/anomalies/verdicts',
    headers: { 'sec-fetch-site': 'same-origin' },
    payload: { verdict: 'expected', filter: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' } },
  })
  await server.close()
  expect(answer.json()).toMatchObject({ status: 400, detail: expect.stringContaining('at most 1000 anomalies') })
})
