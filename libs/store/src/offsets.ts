import type { Queryable } from './pool.js'

/** What a pipeline has done with one partition; counts are exact after any crash. */
export interface PartitionCounters {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: bigint
  /** received = scored + rejected. */
  readonly received: number
  readonly scored: number
  readonly rejected: number
  readonly anomalies: number
  readonly alerts: number
}

/** Gives the offset that the pipeline reads next in a partition, or null when it never wrote one. */
export function storedOffset(
  db: Queryable,
  at: { readonly pipeline: string; readonly topic: string; readonly partition: number },
): Promise<bigint | null> {
  throw new Error(`not built yet ${db} ${at}`)
}

/** Gives the counters of every partition the pipeline has touched, by topic and partition. */
export function partitionCounters(db: Queryable, pipeline: string): Promise<readonly PartitionCounters[]> {
  throw new Error(`not built yet ${db} ${pipeline}`)
}
