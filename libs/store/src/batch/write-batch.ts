import { ensurePartitions } from '../anomalies/partitions.js'
import type { Pool } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import type { BatchWrite } from './batch.js'
import { writeBatchStatement } from './write-batch-statement.js'

/**
 * Writes a delivery's anomalies, outbox, dead letters, counters and offset in one transaction, if and only if the
 * stored offset is still the expected one. One statement, so one round trip.
 *
 * @returns `superseded` when another write moved the offset (another instance, or an earlier attempt whose answer was
 *   lost): nothing was written, and the delivery is to be repositioned
 * @throws {StoreUnavailable} when the same write may succeed later
 * @throws {StoreRefused} when it will not
 */
export async function writeBatch(pool: Pool, batch: BatchWrite): Promise<'written' | 'superseded'> {
  await ensurePartitions(
    pool,
    batch.anomalies.map(({ recordTimeMs }) => recordTimeMs),
  )
  const [outcome] = await run<{ written: boolean }>(pool, writeBatchStatement(batch))
  return outcome!.written ? 'written' : 'superseded'
}
