import { formatPosition } from '@outflow/contracts'
import type { OutflowError } from '@outflow/errors'
import { isPowerOfTwo } from '@outflow/errors/retrying'
import type { Log, Metrics } from '@outflow/runtime'
import type { ExplainedAnomaly } from '@outflow/store/anomalies'
import type { ReportedHealthEvent } from '@outflow/store/health-events'
import type { UnsentAlert } from '@outflow/store/outbox'
import type { RelayRow } from './output-topics.js'

/** Log events and metrics of relay, explainer and health watch. */
export type AlertsTelemetry = ReturnType<typeof makeTelemetry>

/** From the commit of the anomaly to the commit on the topic; the last buckets cover outages of a broker. */
const DELAY_SECONDS_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

const KINDS = ['alert', 'explained', 'dead_letter', 'resent', 'health_event'] as const satisfies RelayRow['kind'][]

export function makeTelemetry(log: Log, metrics: Metrics) {
  const sent = metrics.counter(
    'outflow_outbox_sent_total',
    'Messages sent by kind: alert, explained, dead_letter, resent or health_event',
    ['kind'],
  )
  const unsent = metrics.counter(
    'outflow_alerts_unsent_total',
    'Alerts that were suppressed or grouped, by cause: rule, cooldown, key and others',
    ['because'],
  )
  const shortened = metrics.counter(
    'outflow_messages_shortened_total',
    'Messages sent without a body that was too large for the topic',
    ['kind'],
  )
  const notSent = metrics.counter(
    'outflow_messages_not_sent_total',
    'Messages too large for the topic even without their body, or resent to a topic that was deleted; not sent',
    ['kind'],
  )
  const interruptions = metrics.counter('outflow_relay_interruptions_total', 'Restarts of the relay after an error')
  const delay = metrics.histogram(
    'outflow_outbox_delay_seconds',
    "Time from the record's transaction to the topic",
    DELAY_SECONDS_BOUNDS,
  )
  const conditions = metrics.gauge(
    'outflow_health_events_open',
    '1 while a health event is open, such as trainer_dead',
    ['kind'],
  )
  // For Prometheus, a series that begins at 1 has never increased.
  for (const kind of KINDS) for (const counter of [sent, shortened, notSent]) counter.inc({ kind }, 0)
  return {
    alertsStarted: () => log.info('alerts started'),
    leadershipTaken: (caughtUpThrough: bigint | null) => log.info({ caughtUpThrough }, 'leadership taken'),
    relayInterrupted: (error: OutflowError, attempt: number, waitMs: number) => {
      interruptions.inc()
      if (!error.retryable) log.error({ error, attempt, waitMs }, 'relay interrupted')
      else if (isPowerOfTwo(attempt)) log.warn({ error, attempt, waitMs }, 'relay interrupted')
    },
    topicsCreated: (topics: readonly string[]) => log.info({ topics }, 'topics created'),
    alertsDecided: (withheld: readonly UnsentAlert[], groups: number) => {
      for (const { because } of withheld) unsent.inc({ because })
      if (withheld.length > 0 || groups > 0) log.debug({ unsent: withheld.length, groups }, 'alerts suppressed')
    },
    rowsSent: (rows: readonly RelayRow[]) => {
      const now = Date.now()
      for (const { kind, createdAt } of rows) {
        sent.inc({ kind })
        delay.observe(Math.max(0, now - createdAt.getTime()) / 1_000)
      }
      log.debug({ count: rows.length, through: rows.at(-1)?.sequence }, 'outbox sent')
    },
    /** @param error  null: the relay did not try, because no broker accepts that size */
    messageShortened: ({ kind, sequence, topic, payload }: RelayRow, error: OutflowError | null) => {
      shortened.inc({ kind })
      log.error({ kind, sequence, topic, bytes: payload?.length, error }, 'message shortened')
    },
    messageNotSent: ({ kind, sequence, topic, payload }: RelayRow, error: OutflowError | null) => {
      notSent.inc({ kind })
      log.error({ kind, sequence, topic, bytes: payload?.length, error }, 'message not sent')
    },
    anomaliesExplained: (anomalies: readonly ExplainedAnomaly[]) => {
      const failed = anomalies.filter(({ unexplainable }) => unexplainable !== null)
      const [first] = failed
      if (first === undefined) return
      const anomaly = formatPosition(first)
      log.warn({ count: failed.length, anomaly, why: first.unexplainable }, 'anomalies not explained')
    },
    explainerInterrupted: (error: OutflowError, attempt: number, waitMs: number) => {
      if (isPowerOfTwo(attempt)) log.warn({ error, attempt, waitMs }, 'explainer interrupted')
    },
    healthEventReported: ({ kind, status, detail, modelId, begunAt }: ReportedHealthEvent) => {
      const fields = { kind, status, detail, modelId, begunAt }
      if (status === 'ended') log.info(fields, 'health event reported')
      else log.warn(fields, 'health event reported')
    },
    openHealthEvents: (kinds: readonly string[]) => {
      conditions.reset()
      for (const kind of kinds) conditions.set({ kind }, 1)
    },
    healthNotChecked: (error: OutflowError) => log.warn({ error }, 'pipeline not checked'),
    startDelayed: (error: OutflowError) => log.warn({ error }, 'start delayed'),
    storeConnectionLost: (error: OutflowError) => log.warn({ error }, 'store connection lost'),
  }
}
