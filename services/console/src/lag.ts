import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { makeKafka, type PartitionLag, partitionEnds, partitionLags } from '@outflow/streams'

/** Lag is displayed, not alerted on, and every open page requests it. */
const CACHE_MS = 5_000
/** The page shows the other figures when the broker does not answer in time. */
const TIMEOUT_MS = 2_000

/** Returns a function that reads the lag of the configuration's pipeline; null while Kafka does not answer. */
export function makeLagReader(config: Config, pool: Pool): () => Promise<readonly PartitionLag[] | null> {
  // Without a log: a failure is a null on the page, and ingest logs problems with Kafka.
  const kafka = makeKafka(config.kafka)
  let last: { readonly atMs: number; readonly lag: Promise<readonly PartitionLag[] | null> } | undefined
  return () => {
    if (last === undefined || performance.now() - last.atMs > CACHE_MS) {
      last = {
        atMs: performance.now(),
        lag: Promise.race([read(), sleep(TIMEOUT_MS, null, { ref: false })]).catch(() => null),
      }
    }
    return last.lag
  }

  async function read(): Promise<readonly PartitionLag[]> {
    const counters = await partitionCounters(pool, config.pipeline)
    const ends = await partitionEnds(kafka, config.source.topics)
    return partitionLags(ends, counters, config.source.from)
  }
}
