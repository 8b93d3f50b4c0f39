import { eventMessage, healthEvent } from '@outflow/alerting'
import type { Config, StoredHealthEvent } from '@outflow/contracts'
import { toOutflowError } from '@outflow/errors'
import { pause } from '@outflow/errors/retrying'
import type { Pool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { beat, healthFacts, newOccurrences, openHealthEvents, storeHealthEvents } from '@outflow/store/health-events'
import { trainerStatus, whyNoModelAndFix } from '@outflow/store/training'
import { describeTopics, type KafkaConnection, partitionEnds, partitionLags, TopicUnknown } from '@outflow/streams'
import type { AlertsTelemetry } from '../telemetry.js'
import { conditionsOf } from './conditions.js'
import { watchCounts } from './recent-counts.js'
import { watchSilence } from './silence.js'

interface HealthWatchDeps {
  readonly config: Config
  readonly pool: Pool
  readonly kafka: KafkaConnection
  readonly telemetry: Pick<AlertsTelemetry, 'healthEventReported' | 'openHealthEvents' | 'healthNotChecked'>
  /** Epoch ms; default: the clock at the start of the process and the time since, which setting the clock does not change. */
  readonly now?: () => number
}

const CHECK_EVERY_MS = 5_000
/** Six intervals. After a longer pause the check begins anew, because how long a condition has lasted is unknown. */
const LONGEST_PAUSE_MS = 30_000

const elapsedNow = () => performance.timeOrigin + performance.now()

/**
 * Returns a function that checks a pipeline's conditions during one leadership, until its signal aborts. A check that fails is repeated, and
 * stops nothing else; it is logged if the check before, also in an earlier leadership, had not failed with the same error.
 */
export function makeHealthWatch(deps: HealthWatchDeps): (signal: AbortSignal) => Promise<void> {
  const { now = elapsedNow } = deps
  let failure: string | null = null
  let check = makeHealthCheck(deps)
  let checkedMs = Number.NEGATIVE_INFINITY
  return async (signal) => {
    while (!signal.aborted) {
      if (now() - checkedMs > LONGEST_PAUSE_MS) check = makeHealthCheck(deps)
      try {
        await check()
        checkedMs = now()
        failure = null
      } catch (thrown: unknown) {
        if (signal.aborted) return
        const error = toOutflowError(thrown)
        if (error.message !== failure) deps.telemetry.healthNotChecked(error)
        failure = error.message
      }
      await pause(CHECK_EVERY_MS, signal)
    }
  }
}

/**
 * Returns a function that makes one check. Conditions are a function of Postgres, of the topics' ends and of earlier checks in
 * the same process, so two processes find the same ones, and `storeHealthEvents` stores each event once.
 */
export function makeHealthCheck(deps: HealthWatchDeps): () => Promise<void> {
  const { config, pool, kafka, telemetry, now = elapsedNow } = deps
  const { pipeline, training, events } = config
  const begunMs = now()
  const silence = watchSilence()
  const counts = watchCounts()
  return async () => {
    const [facts, trainer, occurred, open, progress] = await Promise.all([
      healthFacts(pool, pipeline),
      trainerStatus(pool, pipeline),
      newOccurrences(pool, pipeline),
      openHealthEvents(pool, pipeline),
      progressOf(config, pool, kafka),
    ])
    await beat(pool, { pipeline, service: 'alerts' })
    const at = now()
    const seen = { now: at, activeId: facts.activeId, ...progress }
    const conditions = conditionsOf(facts, {
      training,
      now: at,
      trainerBeatAgeMs: trainer.beatAgeMs,
      watchedMs: at - begunMs,
      silence: silence(seen),
      recent: counts(seen),
      open: open.map(({ kind }) => kind),
      whyNoModel: whyNoModelAndFix(trainer),
    })
    telemetry.openHealthEvents(conditions.map(({ kind }) => kind))
    if (occurred.length === 0 && isSame(conditions, open)) return
    const noted = await storeHealthEvents(pool, {
      pipeline,
      conditions,
      occurred,
      toMessage: (event) =>
        events.topic === undefined
          ? null
          : eventMessage(healthEvent(event, pipeline, config.console.url), { topic: events.topic }),
    })
    for (const event of noted) telemetry.healthEventReported(event)
  }
}

type Named = Pick<StoredHealthEvent, 'kind' | 'detail' | 'modelId'>

function isSame(conditions: readonly Named[], open: readonly Named[]): boolean {
  const isOpen = ({ kind, detail, modelId }: Named) =>
    open.some((known) => known.kind === kind && known.detail === detail && known.modelId === modelId)
  return conditions.length === open.length && conditions.every(isOpen)
}

async function progressOf({ pipeline, source }: Config, pool: Pool, kafka: KafkaConnection) {
  const counters = await partitionCounters(pool, pipeline)
  const ends = await presentEnds(kafka, source.topics)
  const lags = partitionLags(ends, counters, source.from)
  const sum = (of: 'end' | 'offset') => lags.reduce((total, lag) => total + lag[of], 0n)
  const count = (of: 'received' | 'scored' | 'rejected' | 'anomalies') =>
    counters.reduce((total, row) => total + row[of], 0)
  return {
    ends: sum('end'),
    stored: sum('offset'),
    received: count('received'),
    scored: count('scored'),
    rejected: count('rejected'),
    anomalies: count('anomalies'),
  }
}

/** The ends of the topics that exist: a missing one keeps ingest from reading the others, and must not hide that nothing is scored. */
async function presentEnds(kafka: KafkaConnection, topics: readonly string[]) {
  try {
    return await partitionEnds(kafka, topics)
  } catch (thrown: unknown) {
    if (!(thrown instanceof TopicUnknown)) throw thrown
    const counts = await describeTopics(kafka, topics)
    const present = topics.filter((topic) => counts.get(topic) !== null)
    return partitionEnds(kafka, present)
  }
}
