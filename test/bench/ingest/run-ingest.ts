import { setTimeout as sleep } from 'node:timers/promises'
import { usageOf } from './processes.js'
import { startService } from './programs.js'
import type { Pipeline } from './stage.js'
import type { Taken } from './taken.js'

/** Progress of ingest at a moment, and its resources up to then. */
interface Sample {
  readonly records: number
  readonly atMs: number
  readonly cpuMs: number
  readonly residentBytes: number
}

export interface IngestRun extends Taken {
  /** From the start of the processes to the first stored batch. */
  readonly startMs: number
  readonly samples: readonly Sample[]
  readonly largestResidentBytes: number
}

const SAMPLE_MS = 250

/**
 * Runs ingest on a topic that is full already, until the given number of records is stored. The other figures than `startMs`
 * are measured from the moment when the first batch is stored.
 *
 * @param instances  processes that share the partitions; their CPU time is summed
 */
export async function runIngest(
  pipeline: Pipeline,
  records: number,
  { instances = 1, nodeArgs = [] }: { readonly instances?: number; readonly nodeArgs?: readonly string[] } = {},
): Promise<IngestRun> {
  const startedAtMs = performance.now()
  const services = await Promise.all(
    Array.from({ length: instances }, () => startService('ingest', pipeline.configFile, nodeArgs)),
  )
  const takeSample = async (): Promise<Sample> => {
    const usages = services.map(({ pid }) => usageOf(pid))
    return {
      cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      residentBytes: Math.max(...usages.map(({ residentBytes }) => residentBytes)),
      records: await pipeline.stored(),
      atMs: performance.now(),
    }
  }
  while ((await pipeline.stored()) === 0) await sleep(5)
  const samples = [await takeSample()]
  while (samples.at(-1)!.records < records) {
    await sleep(SAMPLE_MS)
    samples.push(await takeSample())
  }
  await Promise.all(services.map((service) => service.stop()))
  const [first, last] = [samples[0]!, samples.at(-1)!]
  return {
    records: last.records - first.records,
    startMs: first.atMs - startedAtMs,
    wallMs: last.atMs - first.atMs,
    cpuMs: last.cpuMs - first.cpuMs,
    samples,
    largestResidentBytes: Math.max(...samples.map(({ residentBytes }) => residentBytes)),
  }
}
