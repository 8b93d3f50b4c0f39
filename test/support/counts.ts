import type { Queryable } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'

/** The numbers of records and anomalies of a pipeline, over all its partitions. */
export async function countsOf(db: Queryable, pipeline: string) {
  const counters = await partitionCounters(db, pipeline)
  const sum = (of: 'received' | 'scored' | 'rejected' | 'anomalies') =>
    counters.reduce((total, partition) => total + partition[of], 0)
  return { received: sum('received'), scored: sum('scored'), rejected: sum('rejected'), anomalies: sum('anomalies') }
}
