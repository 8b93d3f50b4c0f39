import type { EntityState, FdrState, Recalibration, Rejection } from '@outflow/contracts'
import type { Decisions, Detector, Scores } from '@outflow/detector'
import type { JsonObject, Observation, ReadRecord as Read } from '@outflow/records'
import type { FieldTable } from '@outflow/records/fields'
import type { ShadowWrite } from '@outflow/store/batch'
import type { Delivery, KafkaRecord } from '@outflow/streams'

/** A record that breaks its contract, with its message. */
export interface RejectedRecord {
  readonly source: KafkaRecord
  readonly rejection: Rejection
}

/** A record with its event time and entity; all of it is decoded only when needed, for instance for an anomaly. */
export type ReadRecord = Read<KafkaRecord>

/** Returns the whole record of a message that could be read. */
export type RecordOf = (source: KafkaRecord) => JsonObject

/** The records of a batch that satisfy their contract, in order. An accessed record is read again: few are, and all of them would occupy memory. */
export type ReadRecords = Pick<readonly ReadRecord[], 'length' | 'at'>

export interface OpenModel {
  readonly modelId: string
  readonly detector: Detector
}

/** The models used by one batch, until it ends. */
export interface ModelLease extends OpenModel {
  /** Recalibration of the model's p-values; null: none. */
  readonly recalibration: Recalibration | null
  readonly recalibrationId: bigint | null
  /** The candidate that scores the batch as well; null: there is none, or its features differ from the model's. */
  readonly shadow: OpenModel | null
  /** Call it once, when the batch has ended. */
  giveBack(): void
}

/** A delivery after each step: a step's output type is the input type of the next. */
export interface PreparedBatch {
  readonly delivery: Delivery
  /** ms of `performance.now` */
  readonly startedAtMs: number
  /** Rejection of the delivery's only record, which caused an error before. */
  readonly failed?: Rejection
}

export interface ReadBatch extends PreparedBatch {
  /** The model that this batch began with and uses until its end. */
  readonly model: ModelLease
  readonly records: ReadRecords
  /** Kafka's timestamps of the records, epoch ms. */
  readonly recordTimesMs: Float64Array
  /** Inputs of the records' windowed features; empty: the pipeline has none. */
  readonly observations: readonly Observation[]
  /** The model's features of the records, in their order. */
  readonly fields: FieldTable
  readonly rejected: readonly RejectedRecord[]
  /** Number of skipped tombstones. */
  readonly skipped: number
  /** Window states of the batch's entities after the batch; absent: the pipeline has no windowed features. */
  readonly windowStates?: readonly EntityState[]
}

export interface ScoredBatch extends ReadBatch {
  /** One score per record, in their order, with recalibrated p-values. */
  readonly scores: Scores
  /** [records]; by the model's own calibration */
  readonly ownPValue: Float64Array
}

export interface DecidedBatch extends ScoredBatch {
  readonly decisions: Decisions
  /** State of online false-discovery control before the batch; null if it is off or begins with the batch. */
  readonly fdrBefore: FdrState | null
}

export interface ComparedBatch extends DecidedBatch {
  /** Agreement of the shadow with the model; absent: there is no shadow. */
  readonly shadow?: ShadowWrite
}
