import { isRetryable } from '@outflow/errors'
import type { Pool } from '../connection/pool.js'
import type { BatchWrite } from './batch.js'
import { rowsOf, type WriteOutcome, writeBatch, writeBatches } from './write-batch.js'

interface Waiting {
  readonly batch: BatchWrite
  readonly resolve: (outcome: WriteOutcome | Promise<WriteOutcome>) => void
  readonly reject: (error: unknown) => void
}

// A batch of more rows is written at once, so that Postgres writes several of them in parallel; the statement itself is then a small part of
// the cost.
const MOST_GROUPED_ROWS = 100

/**
 * Returns `writeBatch` for the batches of one pipeline, with one statement for all small batches that became ready while the last one
 * was running: on a topic of many partitions with little traffic, the number of statements is most of the cost of a record.
 *
 * The batches of a partition must be written one after the other.
 */
export function makeBatchWriter(pool: Pool): (batch: BatchWrite) => Promise<WriteOutcome> {
  let waiting: Waiting[] = []
  let isWriting = false

  const writeWaiting = async (): Promise<void> => {
    isWriting = true
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      await writeGroup(pool, group)
    }
    isWriting = false
  }

  return (batch) =>
    rowsOf(batch) > MOST_GROUPED_ROWS
      ? writeBatch(pool, batch)
      : new Promise((resolve, reject) => {
          waiting.push({ batch, resolve, reject })
          if (!isWriting) void writeWaiting()
        })
}

async function writeGroup(pool: Pool, group: readonly Waiting[]): Promise<void> {
  try {
    const outcome = await writeBatches(
      pool,
      group.map(({ batch }) => batch),
    )
    if (outcome === 'written' || group.length === 1) for (const { resolve } of group) resolve(outcome)
    else writeAlone(pool, group)
  } catch (error: unknown) {
    if (isRetryable(error) || group.length === 1) for (const { reject } of group) reject(error)
    else writeAlone(pool, group)
  }
}

/** Writes the batches of a group one by one, after a superseded or rejected one has prevented the whole group. */
function writeAlone(pool: Pool, group: readonly Waiting[]): void {
  for (const { batch, resolve } of group) resolve(writeBatch(pool, batch))
}
