import type { Config } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { makeKafka, type PartitionLag, partitionEnds, partitionLags } from '@outflow/streams'

/** Of a figure that is looked at, not alerted on: every page that is open asks for it. */
const KEPT_MS = 5_000
/** A broker that is away is not waited for: the page shows the rest. */
const PATIENCE_MS = 2_000

/** Returns what reads how far the configuration's pipeline is behind its topics; null while Kafka does not answer. */
export function makeLagReader(config: Config, pool: Pool): () => Promise<readonly PartitionLag[] | null> {
  // It keeps silent: an answer that fails is a null on the page, and ingest logs what is wrong with Kafka.
  const kafka = makeKafka(config.kafka)
  let last: { readonly atMs: number; readonly lag: Promise<readonly PartitionLag[] | null> } | undefined
  return () => {
    if (last === undefined || Date.now() - last.atMs > KEPT_MS) {
      last = { atMs: Date.now(), lag: within(PATIENCE_MS, read()).catch(() => null) }
    }
    return last.lag
  }

  async function read(): Promise<readonly PartitionLag[]> {
    const [ends, counters] = await Promise.all([
      partitionEnds(kafka, config.source.topics),
      partitionCounters(pool, config.pipeline),
    ])
    return partitionLags(ends, counters, config.source.from)
  }
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
