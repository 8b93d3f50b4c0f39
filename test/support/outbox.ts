import type { Pool } from '@outflow/store'
import { eventually } from './eventually.js'

/** Waits until every alert and dead letter was sent. */
export async function untilOutboxIsEmpty(pool: Pool): Promise<void> {
  await eventually(async () => (await pool.query('select from outflow.outbox limit 1')).rowCount === 0, {
    what: 'the outbox is empty',
    withinMs: 180_000,
  })
}
