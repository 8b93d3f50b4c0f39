import type { Severity } from './alert-event.js'

/** A record that is an anomaly, with its scores; without its position, and without reasons, which are computed later. */
export interface FoundAnomaly {
  /** When the event happened, by the record's own timestamp; epoch ms. */
  readonly eventTimeMs: number
  readonly entityKey: string | null
  /** The decoded record, any JSON value. */
  readonly record: unknown
  /** Nats. */
  readonly nll: number
  readonly pValue: number
  /** 95 % upper confidence limit of the p-value. */
  readonly pUpper: number
  /** Fields missing in the record, which was scored on the others. */
  readonly missing: readonly string[]
  readonly severity: Severity
  readonly modelId: string
  /** Whether that model is provisional; default: false. */
  readonly provisional?: boolean
}
