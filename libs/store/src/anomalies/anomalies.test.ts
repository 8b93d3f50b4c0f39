import { LATEST_MS } from '@outflow/contracts'
import { expect, it, vi } from 'vitest'
import type { Pool } from '../connection/pool.js'
import { eachAnomaly } from './anomalies.js'

it.each([
  [LATEST_MS, '<='],
  [LATEST_MS - 1, '<'],
])(
  'passes the anomalies with record_time up to %d: %s (those at the latest time were never passed)',
  async (toMs, is) => {
    const query = vi.fn(async (_: unknown) => ({ rows: [] }))
    const client = { query, on: () => {}, off: () => {}, release: () => {} }
    const pool = { connect: async () => client } as unknown as Pool
    await eachAnomaly(pool, { pipeline: 'flights', from: new Date(0), to: new Date(toMs) }, async () => {})
    expect(query).toHaveBeenCalledWith(
      expect.objectContaining({ text: expect.stringContaining(`record_time ${is} $3::timestamptz`) }),
    )
  },
)
