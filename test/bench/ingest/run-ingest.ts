import { setTimeout as sleep } from 'node:timers/promises'
import { usageOf } from './processes.js'
import { startService } from './programs.js'
import type { Pipeline } from './stage.js'
import type { Taken } from './taken.js'

export interface IngestRun extends Taken {
  readonly peakResidentBytes: number
}

/**
 * Runs ingest on a topic that is full already, until the given number of records is stored. Start-up and the first batch are not
 * counted: the measurement begins when that batch is stored.
 *
 * @param instances  processes that share the partitions; their CPU time is summed
 */
export async function runIngest(pipeline: Pipeline, records: number, instances = 1): Promise<IngestRun> {
  const services = await Promise.all(
    Array.from({ length: instances }, () => startService('ingest', pipeline.configFile)),
  )
  const takeSample = async () => {
    const usages = services.map(({ pid }) => usageOf(pid))
    return {
      cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      peakResidentBytes: Math.max(...usages.map(({ peakResidentBytes }) => peakResidentBytes)),
      records: await pipeline.stored(),
      atMs: performance.now(),
    }
  }
  while ((await pipeline.stored()) === 0) await sleep(5)
  const first = await takeSample()
  while ((await pipeline.stored()) < records) await sleep(50)
  const last = await takeSample()
  await Promise.all(services.map((service) => service.stop()))
  return {
    records: last.records - first.records,
    wallMs: last.atMs - first.atMs,
    cpuMs: last.cpuMs - first.cpuMs,
    peakResidentBytes: last.peakResidentBytes,
  }
}
