import type { Queryable } from '@outflow/store'
import { beginPartitions } from '@outflow/store/batch'

/** Stores offset 0 as a partition's position, as ingest does before it reads a new one. */
export function beginPartition(
  db: Queryable,
  { pipeline, topic, partition = 0 }: Parameters<typeof beginPartitions>[1] & { readonly partition?: number },
): Promise<void> {
  return beginPartitions(db, { pipeline, topic }, new Map([[partition, { nextOffset: 0n, topicId: null }]]))
}

/** Empty counts and rows of a batch, to be overridden. */
export const NO_ROWS = {
  ...{ received: 0, scored: 0 },
  ...{ anomalies: [], deadLetters: [], outbox: [], scores: [] },
}
