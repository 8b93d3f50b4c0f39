import type { Severity } from '@outflow/contracts'

/** A record judged improbable, as it is first stored, without reasons; its topic and partition are the batch's. */
export interface Anomaly {
  readonly offset: bigint
  /** Kafka's timestamp of the record, epoch ms; fixed per offset, and what the table is partitioned by. */
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
  /** Fields that the record left missing: it was scored on the others. */
  readonly missing: readonly string[]
  readonly severity: Severity
  /** Values of windowed features, in the order of the model's features; null or absent: the model has none. */
  readonly windowed?: readonly (number | null)[] | null
  readonly modelId: string
  /** The recalibration of its p-value, in `outflow.recalibrations`; null or absent: the p-value is that of the model's own calibration. */
  readonly recalibrationId?: bigint | null
}
