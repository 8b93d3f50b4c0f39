import { ensurePartitions } from '../anomalies/partitions.js'
import type { Pool } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import type { BatchWrite } from './batch.js'
import { writeBatchStatement } from './write-batch-statement.js'

/**
 * Writes a delivery's anomalies, outbox, dead letters, counters and offset in one transaction, if and only if the
 * stored offset is still the expected one. One statement, so one round trip.
 *
 * @returns `superseded` if another write has moved the offset (by another instance, or an earlier attempt whose response was
 *   lost): nothing was written, and the caller has to reposition the delivery
 * @throws {StoreUnavailable} if the same write may succeed later
 * @throws {StoreRefused} if it will not
 */
export async function writeBatch(pool: Pool, batch: BatchWrite): Promise<'written' | 'superseded'> {
  await ensurePartitions(
    pool,
    batch.anomalies.map(({ recordTimeMs }) => recordTimeMs),
  )
  const [outcome] = await run<{ written: boolean }>(pool, writeBatchStatement(batch))
  return outcome!.written ? 'written' : 'superseded'
}
