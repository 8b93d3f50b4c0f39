import { type ModelMetadata, modelMetadataSchema } from '@outflow/contracts'
import { rejectedByReason } from '@outflow/store/dead-letters'
import { activeModel } from '@outflow/store/models'
import { outboxDepth } from '@outflow/store/outbox'
import { makeProducer } from '@outflow/streams'
import type { Defer } from '../clean-up.js'
import { outflowVersion } from '../version.js'
import { type AlertReader, openAlertReader } from './alert-reader.js'
import { startServices } from './demo-services.js'
import { type DemoStage, setStage } from './demo-stage.js'
import { type DemoObservations, type DemoSummary, summarize } from './demo-summary.js'
import type { DemoView } from './demo-view.js'
import { loadFlights } from './flights.js'
import { planReplay } from './replay-plan.js'
import { sendAll, sendSteadily } from './send.js'
import { readTruth } from './truth.js'
import { waitFor } from './wait-for.js'
import { type Counters, LOOK_MS, type Play, sizeOf, watchScoring } from './watch-scoring.js'
import { whicheverFirst } from './whichever-first.js'

/** 20,000 flights, 0.5 % of them corrupted, and 20 messages that are none; the last part at a pace that one sees. */
const REPLAY = { seed: 1, corruptShare: 0.005, broken: 20, steady: 4_000 } as const
const STEADY_PER_SECOND = 400

export interface PlayOptions {
  readonly view: DemoView
  readonly signal: AbortSignal
  readonly defer: Defer
}

/** The demo at its end, with the services still running. */
export interface DemoEnd {
  readonly summary: DemoSummary
  readonly stage: DemoStage
  readonly healthUrl: string
  readonly consoleUrl: string
}

/**
 * Replays real flights, some of them corrupted, through the services as they are; resolves when every message is accounted for.
 *
 * @throws what the first service threw that failed, or the signal's reason
 */
export async function runDemo({ view, signal, defer }: PlayOptions): Promise<DemoEnd> {
  const startedAtMs = Date.now()
  const stage = await setStage({ view, signal, defer })
  const plan = planReplay(loadFlights(), REPLAY)
  const play = { plan, stage, view }
  await replayBacklog(play)

  const services = await startServices(stage, view, defer)
  view.say(`console   ${services.consoleUrl}`)
  const reader = openAlertReader(stage.kafka, { topic: stage.config.alerts.topic, onFailure: stage.fail })
  defer(reader.close)
  const backlog = await scoreBacklog(play, services.fitted)
  const steady = await sendSteadyPart(play)
  const counters = await awaitTheEnd(play, reader)
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
  return { summary, stage, healthUrl: services.healthUrl, consoleUrl: services.consoleUrl }
}

async function replayBacklog({ plan, stage, view }: Play): Promise<void> {
  const producer = await makeProducer(stage.kafka)
  const total = plan.backlog.length
  const onSent = (done: number): void => view.show({ label: 'replay', done, total, unit: 'messages' })
  try {
    onSent(0)
    await sendAll(plan.backlog, { producer, topic: topicOf(stage), signal: stage.signal, onSent })
  } finally {
    await producer.close()
  }
}

/** Waits for the first model, and then until the backlog is scored with it. */
async function scoreBacklog(play: Play, fitted: Promise<number>): Promise<DemoObservations['backlog']> {
  const messages = play.plan.backlog.length
  const fittedAtMs = await whicheverFirst(fitted, play.stage.signal)
  await watchScoring(play, messages, play.stage.signal)
  return { messages, durationMs: Date.now() - fittedAtMs }
}

async function sendSteadyPart(play: Play): Promise<DemoObservations['steady']> {
  const { stage, view, plan } = play
  const messages = plan.steady.length
  const producer = await makeProducer(stage.kafka)
  const watching = new AbortController()
  const watched = watchScoring(play, sizeOf(plan), AbortSignal.any([stage.signal, watching.signal])).catch(() => {})
  const fromMs = Date.now()
  try {
    await sendSteadily(plan.steady, {
      producer,
      topic: topicOf(stage),
      perSecond: STEADY_PER_SECOND,
      signal: stage.signal,
      onSent: (done) => view.show({ label: 'steady', done, total: messages, unit: 'messages' }),
    })
    return { fromMs, messages, durationMs: Date.now() - fromMs }
  } finally {
    watching.abort()
    await watched
    await producer.close()
  }
}

/** Waits until everything was received, everything in the outbox sent, and every alert read. */
async function awaitTheEnd(play: Play, reader: AlertReader): Promise<Counters> {
  const { pool, config, signal } = play.stage
  const counters = await watchScoring(play, sizeOf(play.plan), signal)
  await waitFor(async () => ((await outboxDepth(pool, config.pipeline)).rows === 0 ? true : null), LOOK_MS, signal)
  await waitFor(async () => (reader.alerts.length >= counters.alerts ? true : null), LOOK_MS, signal)
  return counters
}

const topicOf = ({ config }: DemoStage): string => config.source.topics[0]!

async function modelOf({ pool, config }: DemoStage): Promise<ModelMetadata> {
  const stored = await activeModel(pool, config.pipeline)
  return modelMetadataSchema.parse(stored?.metadata)
}
