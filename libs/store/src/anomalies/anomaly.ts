import type { FoundAnomaly } from '@outflow/contracts'

/** An anomaly as ingest stores it: without reasons; topic and partition are those of the batch. */
export interface Anomaly extends FoundAnomaly {
  readonly offset: bigint
  /** Kafka's timestamp of the record, epoch ms; fixed per offset, and the table's partition key. */
  readonly recordTimeMs: number
  /** Values of windowed features, in the order of the model's features; null or absent: the model has none. */
  readonly windowed?: readonly (number | null)[] | null
  /** Id in `outflow.recalibrations` of the recalibration of its p-value; null or absent: the p-value is from the model's own calibration. */
  readonly recalibrationId?: bigint | null
}
