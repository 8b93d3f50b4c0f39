import { ensurePartitions } from '../anomalies/partitions.js'
import type { Pool } from '../connection/pool.js'
import { run, type Statement } from '../connection/statement.js'
import type { BatchWrite } from './batch.js'
import { writeBatchStatement, writePlainBatchesStatement } from './write-batch-statement.js'

/** `superseded`: another write has moved the offset (by another instance, or an earlier attempt whose response was lost). */
export type WriteOutcome = 'written' | 'superseded'

/**
 * Writes a delivery's anomalies, outbox, dead letters, counters and offset in one transaction, if and only if the
 * stored offset is still the expected one. One statement, so one round trip.
 *
 * @returns if `superseded`, nothing was written, and the caller has to reposition the delivery
 * @throws {StoreUnavailable} if the same write may succeed later
 * @throws {StoreRefused} if it will not
 */
export async function writeBatch(pool: Pool, batch: BatchWrite): Promise<WriteOutcome> {
  await ensurePartitions(
    pool,
    batch.anomalies.map(({ recordTimeMs }) => recordTimeMs),
  )
  return outcomeOf(pool, writeBatchStatement(batch))
}

/**
 * Writes plain batches of different partitions of one pipeline in one transaction.
 *
 * @returns `superseded` if any of them is: nothing was written
 * @throws like `writeBatch`
 */
export function writePlainBatches(pool: Pool, batches: readonly BatchWrite[]): Promise<WriteOutcome> {
  return outcomeOf(pool, writePlainBatchesStatement(batches))
}

async function outcomeOf(pool: Pool, statement: Statement): Promise<WriteOutcome> {
  const [outcome] = await run<{ written: boolean }>(pool, statement)
  return outcome!.written ? 'written' : 'superseded'
}
