import { setTimeout as sleep } from 'node:timers/promises'
import { type Event, fillTopic } from './events.js'
import { usageOf } from './processes.js'
import { startService } from './programs.js'
import type { Pipeline } from './stage.js'

export interface Soak {
  readonly minutes: number
  readonly records: number
  readonly largestResidentMiB: number
  /** Of the line through all samples but those of the first tenth, in which the heap fills. */
  readonly slopeMiBPerMinute: number
}

const CHUNK = 100_000

/** Keeps ingest behind a full topic for so long, and watches its memory. */
export async function soak(
  pipeline: Pipeline,
  target: { readonly brokers: readonly string[]; readonly topic: string },
  events: readonly Event[],
  minutes: number,
): Promise<Soak> {
  const service = await startService('ingest', pipeline.configFile)
  const samples: { readonly minute: number; readonly residentMiB: number }[] = []
  const startedAt = performance.now()
  const minute = () => (performance.now() - startedAt) / 60_000
  let sent = 0
  while (minute() < minutes) {
    if (sent - (await pipeline.stored()) < CHUNK) {
      await fillTopic(target, events, CHUNK)
      sent += CHUNK
    }
    const { residentBytes } = usageOf(service.pid)
    samples.push({ minute: minute(), residentMiB: residentBytes / 1024 ** 2 })
    await sleep(500)
  }
  const records = await pipeline.stored()
  await service.stop()
  return {
    minutes,
    records,
    largestResidentMiB: Math.round(Math.max(...samples.map(({ residentMiB }) => residentMiB))),
    slopeMiBPerMinute: slopeOf(samples.slice(Math.ceil(samples.length / 10))),
  }
}

/** Least squares. */
function slopeOf(samples: readonly { readonly minute: number; readonly residentMiB: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(samples.map(({ minute }) => minute))
  const y = mean(samples.map(({ residentMiB }) => residentMiB))
  const covariance = samples.reduce((sum, { minute, residentMiB }) => sum + (minute - x) * (residentMiB - y), 0)
  return covariance / samples.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0)
}
