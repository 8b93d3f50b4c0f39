import type { FdrState, Recalibration, Rejection } from '@outflow/contracts'
import type { Decisions, Detector, Scores } from '@outflow/detector'
import type { EntityState, FieldTable, ReadRecord as Read } from '@outflow/records'
import type { ShadowWrite } from '@outflow/store/batch'
import type { DeadLetter } from '@outflow/store/dead-letters'
import type { OutboxMessage } from '@outflow/store/outbox'
import type { Delivery, KafkaRecord } from '@outflow/streams'

/** A record that breaks its contract, where it stood. */
export interface RejectedRecord {
  readonly source: KafkaRecord
  readonly rejection: Rejection
}

/** A record with what the tables want of it; the record itself is decoded where somebody looks at it. */
export type ReadRecord = Read<KafkaRecord>

/** An outbox message and the offset of its record. */
export interface MessageAt {
  readonly offset: bigint
  readonly message: OutboxMessage
}

export interface OpenModel {
  readonly modelId: string
  readonly detector: Detector
}

/** The models lent to one batch, which keeps them to its end. */
export interface ModelLease extends OpenModel {
  /** Of the model's p-values; null: none. */
  readonly recalibration: Recalibration | null
  readonly recalibrationId: bigint | null
  /** The candidate that scores the batch as well; null: there is none, or its features are not those of the model. */
  readonly shadow: OpenModel | null
  /** To be called once, when the batch has ended. */
  giveBack(): void
}

/** What a delivery is after each step. The next one's type is what the step before promises. */
export interface PreparedBatch {
  readonly delivery: Delivery
  readonly startedAtMs: number
  /** The only record of the delivery caused an error before, and is rejected for it. */
  readonly failed?: Rejection
}

export interface ReadBatch extends PreparedBatch {
  /** The model that this batch began with, and keeps. */
  readonly model: ModelLease
  readonly records: readonly ReadRecord[]
  /** What the model looks at of each of the records, in their order. */
  readonly fields: FieldTable
  readonly rejected: readonly RejectedRecord[]
  /** Tombstones that were passed over. */
  readonly skipped: number
}

export interface CleanBatch extends ReadBatch {
  readonly deadLetters: readonly DeadLetter[]
  readonly deadLetterMessages: readonly MessageAt[]
  /** Of the entities of the batch, as they are after it; absent: the pipeline has no windowed features. */
  readonly windowStates?: readonly EntityState[]
}

export interface ScoredBatch extends CleanBatch {
  /** One score per record, in their order; p-values as they are recalibrated. */
  readonly scores: Scores
  /** [records]; by the model's own calibration */
  readonly ownPValue: Float64Array
}

export interface DecidedBatch extends ScoredBatch {
  readonly decisions: Decisions
  /** State of online false-discovery control before the batch; null where it is off or begins with the batch. */
  readonly fdrBefore: FdrState | null
}

export interface ComparedBatch extends DecidedBatch {
  /** How far the shadow agrees with the model; absent: there is no shadow. */
  readonly shadow?: ShadowWrite
}

export interface WrittenBatch extends ComparedBatch {
  readonly outcome: 'written' | 'superseded'
}
