import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { meanOf } from '../../../libs/flow/src/mean.js'
import { withAdmin } from '../../support/kafkajs.js'
import type { Line } from '../report.js'
import { type Event, fillTopic } from './events.js'
import { usageOf } from './processes.js'
import { startService } from './programs.js'
import type { Pipeline } from './stage.js'

const CHUNK = 100_000
const TEN_MINUTES = 10
/** kafkajs does not export its enum of resource types by name. */
const TOPIC = 2

/**
 * Keeps a full topic ahead of ingest for the given time, and measures its memory.
 *
 * @returns the means of ten-minute intervals, and the slope of the line through the samples after the first ten minutes, or the first sixth of a
 *   shorter run, in which the heap grows
 */
export async function soak(
  pipeline: Pipeline,
  target: { readonly brokers: readonly string[]; readonly topic: string },
  events: readonly Event[],
  minutes: number,
): Promise<Line> {
  await keepLittle(target)
  const service = await startService('ingest', pipeline.configFile)
  const samples: Sample[] = []
  const startedAt = performance.now()
  const minute = () => (performance.now() - startedAt) / 60_000
  let sent = 0
  while (minute() < minutes) {
    if (sent - (await pipeline.stored()) < CHUNK) {
      await fillTopic(target, events, CHUNK)
      sent += CHUNK
    }
    const { residentBytes } = usageOf(service.pid)
    samples.push({ minute: minute(), residentMiB: residentBytes / 1024 ** 2, load: loadavg()[0]! })
    await sleep(500)
  }
  const records = await pipeline.stored()
  await service.stop()
  const means = Array.from({ length: Math.ceil(minutes / TEN_MINUTES) }, (_, part) =>
    meanOf(
      samples.filter((sample) => Math.floor(sample.minute / TEN_MINUTES) === part).map((sample) => sample.residentMiB),
    ),
  )
  return {
    ...{ minutes, records, 'MiB at most': Math.max(...samples.map(({ residentMiB }) => residentMiB)) },
    'MiB by ten minutes': means.map((own) => own.toFixed(0)).join(' '),
    'MiB a minute': slopeOf(samples.filter((sample) => sample.minute >= Math.min(TEN_MINUTES, minutes / 6))),
    'mean load': meanOf(samples.map(({ load }) => load)),
  }
}

interface Sample {
  readonly minute: number
  readonly residentMiB: number
  readonly load: number
}

/** Limits the topic, which would grow to some hundred gigabytes in an hour; ingest is at most two chunks behind. */
async function keepLittle({ brokers, topic }: { readonly brokers: readonly string[]; readonly topic: string }) {
  const configEntries = [
    { name: 'retention.bytes', value: String(64 * 1024 ** 2) },
    { name: 'segment.bytes', value: String(16 * 1024 ** 2) },
  ]
  await withAdmin(brokers, (admin) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: TOPIC, name: topic, configEntries }] }),
  )
}

/** Slope by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const x = meanOf(samples.map(({ minute }) => minute))
  const y = meanOf(samples.map(({ residentMiB }) => residentMiB))
  const covariance = samples.reduce((sum, { minute, residentMiB }) => sum + (minute - x) * (residentMiB - y), 0)
  return covariance / samples.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0)
}
