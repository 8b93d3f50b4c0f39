import { ensurePartitions } from '../anomalies/partitions.js'
import type { Pool } from '../connection/pool.js'
import { plainJson } from '../connection/postgres-text.js'
import { arraysOf, runOne, type Statement } from '../connection/statement.js'
import { outboxColumns } from '../outbox/outbox-message.js'
import { mergeScores } from '../statistics/statistics.js'
import type { BatchWrite } from './batch.js'
import { WRITE_BATCHES, WRITE_BATCHES_WITH_SHADOW, WRITE_PLAIN_BATCHES } from './write-batch-statement.js'
import { batchColumns, scoreColumns } from './write-batch-values.js'

/** `superseded`: another write has moved the offset (by another instance, or an earlier attempt whose response was lost). */
export type WriteOutcome = 'written' | 'superseded'

/** Writes one delivery, like `writeBatches`. */
export function writeBatch(pool: Pool, batch: BatchWrite): Promise<WriteOutcome> {
  return writeBatches(pool, [batch])
}

/**
 * Writes the anomalies, outbox, dead letters, counters and offsets of deliveries of different partitions of one pipeline in one
 * transaction, if and only if all stored offsets are still the expected ones. One statement, so one round trip.
 *
 * @returns if `superseded`, nothing was written, and the caller has to reposition the delivery whose offset has moved
 * @throws {StoreUnavailable} if the same write may succeed later
 * @throws {StoreRefused} if it will not
 */
export async function writeBatches(pool: Pool, batches: readonly BatchWrite[]): Promise<WriteOutcome> {
  await ensurePartitions(
    pool,
    batches.flatMap(({ anomalies }) => anomalies.map(({ recordTimeMs }) => recordTimeMs)),
  )
  const { written } = await runOne<{ written: boolean }>(pool, statementOf(batches))
  return written ? 'written' : 'superseded'
}

function statementOf(batches: readonly BatchWrite[]): Statement {
  const minutes = mergeScores(batches.flatMap(({ scores }) => scores))
  const counts = [plainJson(batches.map(batchColumns)), plainJson(minutes.map(scoreColumns))]
  if (batches.every((batch) => rowsOf(batch) === 0 && !batch.shadow))
    return { name: 'write_plain_batches', text: WRITE_PLAIN_BATCHES, values: counts }
  const states = batches.flatMap(({ topic, partition, windowStates = [] }) =>
    windowStates.map((state) => ({ topic, partition, ...state })),
  )
  const values = [
    ...counts,
    ...arraysOf(states, 'topic', 'partition', 'by', 'entity', 'state'),
    ...outboxColumns(batches.flatMap(({ outbox }) => outbox)),
  ]
  return batches.some(({ shadow }) => shadow)
    ? { name: 'write_batches_with_shadow', text: WRITE_BATCHES_WITH_SHADOW, values }
    : { name: 'write_batches', text: WRITE_BATCHES, values }
}

/** Returns the number of rows of a batch in tables other than the offsets and the statistics. */
export function rowsOf({ anomalies, deadLetters, outbox, windowStates, shadow }: BatchWrite): number {
  const tables = [anomalies, deadLetters, outbox, windowStates ?? [], shadow?.differences ?? []]
  return tables.reduce((rows, table) => rows + table.length, 0)
}
