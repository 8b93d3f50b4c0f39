import type { Severity } from '@outflow/contracts'

/** An anomaly as ingest stores it: without reasons; topic and partition are those of the batch. */
export interface Anomaly {
  readonly offset: bigint
  /** Kafka's timestamp of the record, epoch ms; fixed per offset, and the table's partition key. */
  readonly recordTimeMs: number
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
  /** Values of windowed features, in the order of the model's features; null or absent: the model has none. */
  readonly windowed?: readonly (number | null)[] | null
  readonly modelId: string
  /** Whether that model is provisional; default: false. */
  readonly provisional?: boolean
  /** Id in `outflow.recalibrations` of the recalibration of its p-value; null or absent: the p-value is from the model's own calibration. */
  readonly recalibrationId?: bigint | null
}
