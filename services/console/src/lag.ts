import type { Config } from '@outflow/contracts'
import { answerInTime } from '@outflow/runtime'
import type { Pool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { makeKafka, type PartitionLag, partitionEnds, partitionLags } from '@outflow/streams'

/** Lag is displayed, not alerted on, and every open page requests it. */
const CACHE_MS = 5_000

/** Returns a function that reads the lag of the configuration's pipeline; null while Kafka does not answer. */
export function makeLagReader(config: Config, pool: Pool): () => Promise<readonly PartitionLag[] | null> {
  // Without a log: a failure is a null on the page, and ingest logs problems with Kafka.
  const kafka = makeKafka(config.kafka)
  let last: { readonly atMs: number; readonly lag: Promise<readonly PartitionLag[] | null> } | undefined
  return () => {
    if (last === undefined || performance.now() - last.atMs > CACHE_MS) {
      // The page shows the other figures when the broker does not answer in time.
      last = { atMs: performance.now(), lag: answerInTime(read).catch(() => null) }
    }
    return last.lag
  }

  async function read(): Promise<readonly PartitionLag[]> {
    const counters = await partitionCounters(pool, config.pipeline)
    const ends = await partitionEnds(kafka, config.source.topics)
    return partitionLags(ends, counters, config.source.from)
  }
}
