import type { NearestNormal, Reason, RejectionReason, Severity } from '@outflow/contracts'
import type { MinuteRejections, MinuteScores } from './statistics.js'

/** A record judged improbable, as it is stored; its topic and partition are the batch's. */
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
  /** 95 % upper confidence limit of the p-value; null where an earlier outflow wrote the anomaly. */
  readonly pUpper: number | null
  /** What would have been normal; null where no few changes make it so. */
  readonly nearest: NearestNormal | null
  /** Fields that the record left missing: it was scored on the others. */
  readonly missing: readonly string[]
  readonly severity: Severity
  readonly reasons: readonly Reason[]
  readonly modelId: string
  /** What moved its p-value, in `outflow.followings`; null or absent: it is that of the model's own calibration. */
  readonly followingId?: bigint | null
}

/**
 * A message that waits to be sent: an alert, a dead letter, one that is sent to its source again, or what an operator must know,
 * complete with its target.
 */
export interface OutboxMessage {
  readonly kind: 'alert' | 'dead_letter' | 'replayed' | 'operation'
  readonly topic: string
  readonly key: Uint8Array | null
  /** null is a tombstone: a dead letter keeps it. */
  readonly payload: Uint8Array | null
  /** In order; a name may come twice. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | string | null])[]
}

/** A record that was set aside. Its original bytes travel in the outbox; the table keeps the first KiB of the value. */
export interface DeadLetter {
  readonly offset: bigint
  readonly recordTimeMs: number
  readonly reason: RejectionReason
  readonly detail: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/** One entity of a partition. */
export interface StoredEntity {
  /** Path of the entity in the record, or `key`: the message key */
  readonly by: string
  readonly entity: string
}

/** What an entity has done in its windows, as of the partition's stored offset. */
export interface StoredWindowState extends StoredEntity {
  readonly state: Uint8Array
}

/** All that one delivery changes in Postgres. */
export interface BatchWrite {
  readonly pipeline: string
  readonly topic: string
  readonly partition: number
  /** The delivery's `expectedOffset`: what the store must hold for the write to count; null: nothing stored yet. */
  readonly expectedOffset: bigint | null
  /** The delivery's `nextOffset`. */
  readonly nextOffset: bigint
  /** Records in the delivery: `scored + deadLetters.length`, which the store checks. */
  readonly received: number
  readonly scored: number
  /** Tombstones in the delivery that were passed over; default: 0. */
  readonly skipped?: number
  /** Of online false-discovery control behind this batch, JSON; null or absent where it is off. */
  readonly fdrState?: object | null
  readonly anomalies: readonly Anomaly[]
  readonly deadLetters: readonly DeadLetter[]
  /** Alerts and dead letters, in offset order. */
  readonly outbox: readonly OutboxMessage[]
  /** At most one entry a minute and model. */
  readonly scores: readonly MinuteScores[]
  /** At most one entry a minute and reason. */
  readonly rejections: readonly MinuteRejections[]
  /** Of the entities that the batch's records were counted for, as of `nextOffset`; absent: there are no windowed features. */
  readonly windowStates?: readonly StoredWindowState[]
  /** How a candidate that scores beside the active model agreed with it; absent: none does. */
  readonly shadow?: ShadowWrite
}

/** What a batch adds to the comparison of a candidate with the active model. */
export interface ShadowWrite {
  readonly shadowId: string
  readonly modelId: string
  /** Records that both scored. */
  readonly scored: number
  readonly flaggedByBoth: number
  readonly flaggedByActive: number
  readonly flaggedByShadow: number
  /** Of those that only one of them flagged. */
  readonly differences: readonly ShadowDifference[]
}

export interface ShadowDifference {
  readonly offset: bigint
  readonly flaggedBy: 'active' | 'shadow'
  readonly recordTimeMs: number
  readonly eventTimeMs: number
  readonly entityKey: string | null
  /** The decoded record, any JSON value. */
  readonly record: unknown
  readonly nll: number
  readonly pValue: number
  readonly shadowNll: number
  readonly shadowPValue: number
}
