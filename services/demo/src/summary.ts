import type { ModelMetadata } from '@outflow/contracts'
import { makeScoreboard, percentile, type Scoreboard } from './scoreboard.js'
import type { SentMessage } from './sent-messages.js'

/** Results of the demo in one object: `outflow demo --once --json` prints it. */
export interface DemoSummary {
  /** Messages that were produced, and those that the pipeline received; received = scored + deadLettered. */
  readonly produced: number
  readonly received: number
  readonly scored: number
  readonly deadLettered: number
  readonly deadLetteredByReason: Readonly<Record<string, number>>
  /** Messages on the dead-letter topic. */
  readonly deadLetterMessages: number
  /** Rows in Postgres. */
  readonly anomalies: number
  /** Distinct alerts that the demo's own consumer read; `alertsRepeated`: read more than once. */
  readonly alerts: number
  readonly alertsRepeated: number
  readonly alertRate: number
  /** Corrupted records, the share of them that was found, and the share of the alerts that are about them. */
  readonly corrupted: number
  readonly recall: number | null
  readonly precision: number | null
  readonly falseAlarms: number
  readonly byKind: Scoreboard['byKind']
  /** Scored and written while the backlog was processed. */
  readonly recordsPerSecond: number
  /** From produce to alert read, over the part that was sent at a steady pace; ms. */
  readonly latencyMs: {
    readonly p50: number | null
    readonly p99: number | null
    readonly alerts: number
    readonly messages: number
    readonly perSecond: number
  }
  readonly model: {
    readonly id: string
    readonly rows: number
    readonly calibrationRows: number
    readonly steps: number
    readonly backend: string
    readonly fitMs: number
  }
  readonly versions: Readonly<Record<'outflow' | 'node' | 'broker' | 'database' | 'backend', string>>
  readonly durationMs: number
}

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
  readonly versions: DemoSummary['versions']
  readonly durationMs: number
}

export function summarize(observed: DemoObservations): DemoSummary {
  const anomalies = new Set(observed.alerts.map(({ position }) => position))
  const board = makeScoreboard(observed.sent, anomalies)
  const { training, calibration, modelId } = observed.model
  const latencies = latenciesOf(observed)
  return {
    produced: observed.sent.length,
    received: observed.counters.received,
    scored: observed.counters.scored,
    deadLettered: Object.values(observed.rejected).reduce((total, count) => total + count, 0),
    deadLetteredByReason: observed.rejected,
    deadLetterMessages: observed.deadLetterMessages,
    anomalies: observed.counters.anomalies,
    alerts: anomalies.size,
    alertsRepeated: observed.alerts.length - anomalies.size,
    alertRate: observed.model.alertRate,
    corrupted: board.overall.records,
    recall: board.overall.recall,
    precision: board.overall.precision,
    falseAlarms: board.falseAlarms,
    byKind: board.byKind,
    recordsPerSecond: perSecond(observed.backlog),
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
