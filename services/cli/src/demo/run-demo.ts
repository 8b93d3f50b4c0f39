import { runAlerts } from '@outflow/alerts'
import { type ModelMetadata, modelMetadataSchema } from '@outflow/contracts'
import { runIngest } from '@outflow/ingest'
import { makeVitals, serveVitals } from '@outflow/runtime'
import { activeModel, outboxDepth, partitionCounters, rejectedByReason, strangestAnomalies } from '@outflow/store'
import { makeProducer } from '@outflow/streams'
import { runTrainer, type TrainerOptions } from '@outflow/trainer'
import type { Defer } from '../clean-up.js'
import { runTogether } from '../run-together.js'
import { outflowVersion } from '../version.js'
import { type AlertReader, openAlertReader } from './alert-reader.js'
import { type DemoStage, setStage } from './demo-stage.js'
import { type DemoSummary, summarize } from './demo-summary.js'
import type { DemoView } from './demo-view.js'
import { loadFlights } from './flights.js'
import { planReplay, type ReplayPlan } from './replay-plan.js'
import { sendAll, sendSteadily } from './send.js'
import { readTruth } from './truth.js'
import { waitFor } from './wait-for.js'

/** 20,000 flights, 0.5 % of them corrupted, and 20 messages that are none; the last part at a pace that one sees. */
const REPLAY = { seed: 1, corruptShare: 0.005, broken: 20, steady: 4_000 } as const
const STEADY_PER_SECOND = 400

export interface DemoOptions {
  readonly view: DemoView
  readonly signal: AbortSignal
  readonly defer: Defer
}

/** The demo at its end, with the services still running. */
export interface DemoEnd {
  readonly summary: DemoSummary
  readonly stage: DemoStage
  readonly healthUrl: string
}

/**
 * Replays real flights, some of them corrupted, through the services as they are; resolves when every message is accounted for.
 *
 * @throws what the first service threw that failed, or the signal's reason
 */
export async function runDemo({ view, signal, defer }: DemoOptions): Promise<DemoEnd> {
  const startedAtMs = Date.now()
  const stage = await setStage({ view, signal, defer })
  const plan = planReplay(loadFlights(), REPLAY)
  await replayBacklog(plan, stage, view)

  const services = await startServices(stage, view, defer)
  const reader = openAlertReader(stage.kafka, { topic: stage.config.alerts.topic, onFailure: stage.fail })
  defer(reader.close)
  const backlog = await scoreBacklog(plan, stage, view, services.fitted)
  const steady = await sendSteadyPart(plan, stage, view)
  const counters = await awaitTheEnd(plan, stage, view, reader)
  view.close()

  const { config, kafka, pool, got } = stage
  const { sent, deadLetterMessages } = await readTruth(kafka, config, startedAtMs)
  const summary = summarize({
    sent,
    alerts: reader.alerts,
    counters,
    rejected: await rejectedByReason(pool, config.pipeline),
    deadLetterMessages,
    alertRate: config.detection.alertRate,
    backlog,
    steady,
    model: await modelOf(stage),
    versions: { outflow: outflowVersion(), node: process.versions.node, ...got },
    durationMs: Date.now() - startedAtMs,
  })
  return { summary, stage, healthUrl: services.healthUrl }
}

async function replayBacklog(plan: ReplayPlan, stage: DemoStage, view: DemoView): Promise<void> {
  const { signal } = stage
  const producer = await makeProducer(stage.kafka)
  try {
    const total = plan.backlog.length
    const onSent = (done: number): void => view.show({ label: 'replay', done, total, unit: 'messages' })
    onSent(0)
    await sendAll(plan.backlog, { producer, topic: stage.config.source.topics[0]!, signal, onSent })
  } finally {
    await producer.close()
  }
}

interface RunningServices {
  readonly healthUrl: string
  /** Resolves with the time, epoch ms, at which the first model took over. */
  readonly fitted: Promise<number>
}

/** Runs trainer, ingest and alerts in this process: nothing can be left behind. */
async function startServices(
  { config, logOf, fail }: DemoStage,
  view: DemoView,
  defer: Defer,
): Promise<RunningServices> {
  const vitals = makeVitals({ pipeline: config.pipeline })
  const server = await serveVitals(vitals, { host: config.http.host, port: config.http.ports.all })
  defer(() => server.close())
  const stop = new AbortController()
  let announceFit: (atMs: number) => void = () => {}
  const fitted = new Promise<number>((resolve) => {
    announceFit = resolve
  })
  const common = { config, vitals }
  const running = runTogether(
    [
      (inner) =>
        runTrainer({ ...common, log: logOf('trainer'), signal: inner, onProgress: showFit(view, announceFit) }),
      (inner) => runIngest({ ...common, log: logOf('ingest'), signal: inner }),
      (inner) => runAlerts({ ...common, log: logOf('alerts'), signal: inner }),
    ],
    stop.signal,
  ).catch(fail)
  defer(async () => {
    stop.abort()
    await running
  })
  return { healthUrl: server.url, fitted }
}

const showFit =
  (view: DemoView, announceFit: (atMs: number) => void): NonNullable<TrainerOptions['onProgress']> =>
  (progress) => {
    if (progress.stage === 'fitting') {
      const { step, maxSteps, validationNll } = progress
      view.show({
        label: 'fit',
        done: step,
        total: maxSteps,
        unit: 'steps',
        detail: `${validationNll.toFixed(3)} nats`,
      })
    }
    if (progress.stage === 'promoted') {
      view.say(`model ${progress.modelId} passed its gate and scores from now on`)
      announceFit(Date.now())
    }
  }

/** Redrawn so often, ms: fast enough to look alive, slow enough to cost the database nothing. */
const LOOK_MS = 250

async function scoreBacklog(
  plan: ReplayPlan,
  stage: DemoStage,
  view: DemoView,
  fitted: Promise<number>,
): Promise<{ messages: number; durationMs: number }> {
  const fittedAtMs = await whicheverFirst(fitted, stage.signal)
  await awaitReceived(plan, plan.backlog.length, stage, view, stage.signal)
  return { messages: plan.backlog.length, durationMs: Date.now() - fittedAtMs }
}

async function sendSteadyPart(
  plan: ReplayPlan,
  stage: DemoStage,
  view: DemoView,
): Promise<{ fromMs: number; messages: number; durationMs: number }> {
  const { signal } = stage
  const producer = await makeProducer(stage.kafka)
  const fromMs = Date.now()
  const watching = new AbortController()
  const watched = AbortSignal.any([signal, watching.signal])
  const watch = awaitReceived(plan, sizeOf(plan), stage, view, watched).catch(() => {})
  try {
    await sendSteadily(plan.steady, {
      producer,
      topic: stage.config.source.topics[0]!,
      perSecond: STEADY_PER_SECOND,
      signal,
      onSent: (done) => view.show({ label: 'steady', done, total: plan.steady.length, unit: 'messages' }),
    })
    return { fromMs, messages: plan.steady.length, durationMs: Date.now() - fromMs }
  } finally {
    watching.abort()
    await watch
    await producer.close()
  }
}

/** Waits until everything was received, everything in the outbox sent, and every alert read. */
async function awaitTheEnd(plan: ReplayPlan, stage: DemoStage, view: DemoView, reader: AlertReader): Promise<Counters> {
  const { signal } = stage
  const counters = await awaitReceived(plan, sizeOf(plan), stage, view, signal)
  const isSent = async () => ((await outboxDepth(stage.pool, stage.config.pipeline)).rows === 0 ? true : null)
  await waitFor(isSent, LOOK_MS, signal)
  await waitFor(async () => (reader.alerts.length >= counters.alerts ? true : null), LOOK_MS, signal)
  return counters
}

interface Counters {
  readonly received: number
  readonly scored: number
  readonly anomalies: number
  readonly alerts: number
}

/** Waits until so many messages were received, and meanwhile shows how many, and the strangest of them. */
async function awaitReceived(
  _plan: ReplayPlan,
  messages: number,
  { config, pool }: DemoStage,
  view: DemoView,
  signal: AbortSignal,
): Promise<Counters> {
  return waitFor(
    async () => {
      const counters = sumUp(await partitionCounters(pool, config.pipeline))
      view.show({
        label: 'score',
        done: counters.received,
        total,
        unit: 'messages',
        detail: `${counters.anomalies} anomalies`,
      })
      view.strangest(await strangestAnomalies(pool, { pipeline: config.pipeline, limit: STRANGEST }))
      return counters.received >= messages ? counters : null
    },
    LOOK_MS,
    signal,
  )
}

const sizeOf = ({ backlog, steady }: ReplayPlan): number => backlog.length + steady.length

/** Rows of the table: it stands below four bars on a terminal of 24 lines. */
export const STRANGEST = 10

function sumUp(partitions: readonly Counters[]): Counters {
  return partitions.reduce<Counters>(
    (sum, { received, scored, anomalies, alerts }) => ({
      received: sum.received + received,
      scored: sum.scored + scored,
      anomalies: sum.anomalies + anomalies,
      alerts: sum.alerts + alerts,
    }),
    { received: 0, scored: 0, anomalies: 0, alerts: 0 },
  )
}

async function modelOf({ pool, config }: DemoStage): Promise<ModelMetadata> {
  const stored = await activeModel(pool, config.pipeline)
  return modelMetadataSchema.parse(stored?.metadata)
}

/** @throws the signal's reason when it aborts first */
async function whicheverFirst<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let found: { value: T } | null = null
  void promise.then((value) => {
    found = { value }
  })
  return (await waitFor<{ value: T }>(async () => found, LOOK_MS, signal)).value
}
