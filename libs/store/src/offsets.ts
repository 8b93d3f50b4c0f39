import type { Queryable } from './pool.js'
import { run } from './statement.js'

/** What a pipeline has done with one partition; counts are exact after any crash. */
export interface PartitionCounters {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: bigint
  /** received = scored + rejected. */
  readonly received: number
  readonly scored: number
  readonly rejected: number
  /** Tombstones, which are not among received. */
  readonly skipped: number
  readonly anomalies: number
  readonly alerts: number
}

/** Gives the offset that the pipeline reads next in a partition, or null when it never wrote one. */
export async function storedOffset(
  db: Queryable,
  at: { readonly pipeline: string; readonly topic: string; readonly partition: number },
): Promise<bigint | null> {
  const [row] = await run<{ next_offset: string }>(db, {
    name: 'stored_offset',
    text: 'select next_offset from outflow.offsets where pipeline = $1 and topic = $2 and partition = $3',
    values: [at.pipeline, at.topic, at.partition],
  })
  return row ? BigInt(row.next_offset) : null
}

/** Gives the state of online false-discovery control that was written with the stored offset, or null before the first. */
export async function storedFdrState<State>(
  db: Queryable,
  at: { readonly pipeline: string; readonly topic: string; readonly partition: number },
): Promise<State | null> {
  const [row] = await run<{ state: State }>(db, {
    name: 'stored_fdr_state',
    text: 'select state from outflow.false_discovery where pipeline = $1 and topic = $2 and partition = $3',
    values: [at.pipeline, at.topic, at.partition],
  })
  return row?.state ?? null
}

/** Gives the counters of every partition the pipeline has touched, by topic and partition. */
export async function partitionCounters(db: Queryable, pipeline: string): Promise<readonly PartitionCounters[]> {
  const rows = await run<Record<keyof PartitionCounters, string>>(db, {
    name: 'partition_counters',
    text: `
      select topic, partition, next_offset as "nextOffset", received, scored, rejected, skipped,
             anomalies, alerts
      from outflow.offsets
      where pipeline = $1
      order by topic, partition`,
    values: [pipeline],
  })
  return rows.map((row) => ({
    topic: row.topic,
    partition: Number(row.partition),
    nextOffset: BigInt(row.nextOffset),
    received: Number(row.received),
    scored: Number(row.scored),
    rejected: Number(row.rejected),
    skipped: Number(row.skipped),
    anomalies: Number(row.anomalies),
    alerts: Number(row.alerts),
  }))
}
