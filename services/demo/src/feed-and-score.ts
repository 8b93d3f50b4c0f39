import { outflowVersion } from '@outflow/contracts'
import { waitFor } from '@outflow/runtime'
import { rejectionsSince } from '@outflow/store/dead-letters'
import { activeModel } from '@outflow/store/models'
import { outboxDepth } from '@outflow/store/outbox'
import type { Terminal } from '@outflow/terminal'
import { feed } from './flights/feed.js'
import { type FeedPlan, type PlannedMessage, planFeed } from './flights/feed-plan.js'
import { loadFlights } from './flights/flights.js'
import { readSentMessages } from './flights/sent-messages.js'
import type { Defer } from './installation/clean-up.js'
import { type Installation, install } from './installation/installation.js'
import { startServices } from './installation/services.js'
import { POLL_INTERVAL_MS, watchScoring } from './installation/watch-scoring.js'
import { type AlertReader, openAlertReader } from './summary/alert-reader.js'
import { summarize } from './summary/summary.js'

const STEADY_PER_SECOND = 400

/** Result of the demo, with the services still running. */
export type DemoEnd = Awaited<ReturnType<typeof feedAndScore>>

/**
 * Feeds real flights, some of them corrupted, to the unmodified services; resolves when every message is accounted for.
 *
 * @throws the error of the first service that failed, or the signal's reason
 */
export async function feedAndScore(terminal: Terminal, signal: AbortSignal, defer: Defer) {
  const startedAtMs = Date.now()
  const installation = await install(terminal, signal, defer)
  const plan = planFeed(loadFlights())
  await feedWithBar('feed', plan.backlog, installation)

  const services = await startServices(installation, defer)
  terminal.say(`console   ${services.consoleUrl}`)
  const { config, kafka, pool } = installation
  const reader = openAlertReader(kafka, { topic: config.alerts.topic, onFailure: installation.fail })
  defer(reader.close)
  const fittedAtMs = await waitFor(services.fittedAtMs, { everyMs: POLL_INTERVAL_MS, signal: installation.signal })

  const measured = await measure(plan, installation, reader, fittedAtMs)

  const { sent, deadLetterMessages } = await readSentMessages(kafka, config, startedAtMs)
  const rejections = await rejectionsSince(pool, { pipeline: config.pipeline, since: new Date(0) })
  const summary = summarize({
    sent,
    alerts: reader.alerts,
    ...measured,
    rejected: Object.fromEntries(rejections.map(({ reason, count }) => [reason, count])),
    deadLetterMessages,
    model: (await activeModel(pool, config.pipeline))!.metadata!,
    versions: { outflow: outflowVersion(), node: process.versions.node, ...installation.versions },
    durationMs: Date.now() - startedAtMs,
  })
  return { summary, installation, healthUrl: services.healthUrl, consoleUrl: services.consoleUrl }
}

/** Waits until the backlog is scored, feeds the rest at a steady pace, and waits until that is scored, alerted and read. */
async function measure(plan: FeedPlan, installation: Installation, reader: AlertReader, fittedAtMs: number) {
  const { terminal, pool, config, signal } = installation
  const messages = plan.backlog.length
  const total = messages + plan.steady.length
  const progress = terminal.progress({ label: 'score', total, unit: 'message' })
  try {
    await watchScoring(installation, progress, messages)
    const backlog = { messages, durationMs: Date.now() - fittedAtMs }
    const [steady, counters] = await Promise.all([
      feedSteadyPart(plan, installation),
      watchScoring(installation, progress, total),
    ])
    const isAllRead = async () => {
      const unsent = await outboxDepth(pool, config.pipeline)
      return unsent === 0 && reader.alerts.length >= counters.alerts ? true : null
    }
    await waitFor(isAllRead, { everyMs: POLL_INTERVAL_MS, signal })
    return { backlog, steady, counters }
  } catch (error: unknown) {
    // Ends `watchScoring` when feeding failed.
    installation.fail(error)
    throw error
  } finally {
    progress.stop()
  }
}

async function feedSteadyPart({ steady }: FeedPlan, installation: Installation) {
  const fromMs = Date.now()
  await feedWithBar('steady', steady, installation, STEADY_PER_SECOND)
  return { fromMs, messages: steady.length, durationMs: Date.now() - fromMs }
}

async function feedWithBar(
  label: string,
  messages: readonly PlannedMessage[],
  { terminal, producer, config, signal }: Installation,
  perSecond?: number,
): Promise<void> {
  const progress = terminal.progress({ label, total: messages.length, unit: 'message' })
  try {
    const topic = config.source.topics[0]!
    await feed(messages, { producer, topic, perSecond, signal, onSent: progress.update })
  } finally {
    progress.stop()
  }
}
