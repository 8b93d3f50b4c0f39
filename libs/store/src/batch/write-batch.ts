import { ensurePartitions } from '../anomalies/partitions.js'
import type { Pool } from '../connection/pool.js'
import { plainJson } from '../connection/postgres-text.js'
import { arraysOf, runOne, type Statement } from '../connection/statement.js'
import { outboxColumns } from '../outbox/outbox-message.js'
import { mergeScores } from '../statistics/statistics.js'
import type { BatchWrite } from './batch.js'
import { WRITE_BATCH, WRITE_BATCH_WITH_SHADOW, WRITE_PLAIN_BATCHES } from './write-batch-statement.js'
import { batchColumns, countColumns, scoreColumns } from './write-batch-values.js'

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
  const values = [
    plainJson(batchColumns(batch)),
    ...arraysOf(batch.windowStates ?? [], 'by', 'entity', 'state'),
    ...outboxColumns(batch.outbox),
  ]
  return outcomeOf(
    pool,
    batch.shadow
      ? { name: 'write_batch_with_shadow', text: WRITE_BATCH_WITH_SHADOW, values }
      : { name: 'write_batch', text: WRITE_BATCH, values },
  )
}

/**
 * Writes plain batches of different partitions of one pipeline in one transaction.
 *
 * @returns `superseded` if any of them is: nothing was written
 * @throws like `writeBatch`
 */
export function writePlainBatches(pool: Pool, batches: readonly BatchWrite[]): Promise<WriteOutcome> {
  const minutes = mergeScores(batches.flatMap(({ scores }) => scores))
  const values = [plainJson(batches.map(countColumns)), plainJson(minutes.map(scoreColumns))]
  return outcomeOf(pool, { name: 'write_plain_batches', text: WRITE_PLAIN_BATCHES, values })
}

async function outcomeOf(pool: Pool, statement: Statement): Promise<WriteOutcome> {
  const outcome = await runOne<{ written: boolean }>(pool, statement)
  return outcome.written ? 'written' : 'superseded'
}
