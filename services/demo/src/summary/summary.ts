import type { ModelMetadata } from '@outflow/contracts'
import type { SentMessage } from '../flights/sent-messages.js'
import { makeScoreboard, percentile } from './scoreboard.js'

/** Measurements of a run of the demo. */
export interface DemoObservations {
  readonly sent: readonly SentMessage[]
  /** Positions of the alerted records, `topic/partition/offset`, and when the alerts were read; in the order of reading. */
  readonly alerts: readonly { readonly position: string; readonly readAtMs: number }[]
  readonly counters: { readonly received: number; readonly scored: number; readonly anomalies: number }
  readonly rejected: Readonly<Record<string, number>>
  readonly deadLetterMessages: number
  readonly backlog: { readonly messages: number; readonly durationMs: number }
  readonly steady: { readonly fromMs: number; readonly messages: number; readonly durationMs: number }
  readonly model: ModelMetadata
  readonly versions: Readonly<Record<'outflow' | 'node' | 'broker' | 'database' | 'backend', string>>
  readonly durationMs: number
}

export type DemoSummary = ReturnType<typeof summarize>

/** Results of the demo in one object: `outflow demo --once --json` prints it. */
export function summarize(observed: DemoObservations) {
  const anomalies = new Set(observed.alerts.map(({ position }) => position))
  const { overall, falseAlarms, byKind } = makeScoreboard(observed.sent, anomalies)
  const { training, calibration, modelId } = observed.model
  const latencies = latenciesOf(observed)
  return {
    /** Messages that were produced, and those that the pipeline received; received = scored + deadLettered. */
    produced: observed.sent.length,
    received: observed.counters.received,
    scored: observed.counters.scored,
    deadLettered: Object.values(observed.rejected).reduce((total, count) => total + count, 0),
    deadLetteredByReason: observed.rejected,
    deadLetterMessages: observed.deadLetterMessages,
    /** Rows in Postgres. */
    anomalies: observed.counters.anomalies,
    /** Distinct alerts that the demo's own consumer read; `alertsRepeated`: read more than once. */
    alerts: anomalies.size,
    alertsRepeated: observed.alerts.length - anomalies.size,
    alertRate: observed.model.alertRate,
    /** Corrupted records, the share of them that was found, and the share of the alerts that are about them. */
    corrupted: overall.records,
    recall: overall.recall,
    precision: overall.precision,
    falseAlarms,
    byKind,
    /** Scored and written while the backlog was processed. */
    recordsPerSecond: perSecond(observed.backlog),
    /** From produce to alert read, over the part that was sent at a steady pace; ms. */
    latencyMs: {
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      alerts: latencies.length,
      messages: observed.steady.messages,
      perSecond: perSecond(observed.steady),
    },
    model: {
      id: modelId,
      rows: training.rows,
      calibrationRows: calibration.rows,
      steps: training.steps,
      backend: training.backend,
      fitMs: training.durationMs,
    },
    versions: observed.versions,
    durationMs: observed.durationMs,
  }
}

const perSecond = ({ messages, durationMs }: { readonly messages: number; readonly durationMs: number }): number =>
  Math.round((1000 * messages) / Math.max(1, durationMs))

/** From produce to the first reading of the alert, for the messages of the steady part; ms. */
function latenciesOf({ sent, alerts, steady }: DemoObservations): readonly number[] {
  const producedAt = new Map(sent.map(({ position, producedAtMs }) => [position, producedAtMs]))
  const first = new Map(alerts.toReversed().map(({ position, readAtMs }) => [position, readAtMs]))
  return [...first]
    .map(([position, readAtMs]) => ({ producedAtMs: producedAt.get(position) ?? 0, readAtMs }))
    .filter(({ producedAtMs }) => producedAtMs >= steady.fromMs)
    .map(({ producedAtMs, readAtMs }) => readAtMs - producedAtMs)
}
