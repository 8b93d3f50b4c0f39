import type { AlertBucket, EntityState, FdrState, ModelMetadata, Recalibration } from '@outflow/contracts'
import type { partitionCounters } from '@outflow/store/batch'
import type { StoredModel } from '@outflow/store/models'
import type { ScoreMinute } from '@outflow/store/statistics'
import type { StoredFit } from '@outflow/store/training'
import type { batchColumns, scoreColumns } from '../../libs/store/src/batch/write-batch-values.js'

/** What the simulated Postgres stores of one pipeline. Rows are replaced, never changed. */
export interface Tables {
  /** By `topic/partition`. */
  readonly offsets: Map<string, OffsetRow>
  /** By `topic/partition/offset` and record time. */
  readonly anomalies: Map<string, BatchJson['anomalies'][number]>
  /** By `topic/partition/offset`. */
  readonly deadLetters: Map<string, BatchJson['dead_letters'][number]>
  readonly outbox: Map<bigint, OutboxRow>
  /** By minute and model. */
  readonly scored: Map<string, ScoreRow>
  /** By partition, entity path and entity. */
  readonly windowStates: Map<string, EntityState>
  /** By `topic/partition`. */
  readonly fdrStates: Map<string, FdrState>
  /** Records that were deleted before they were read. */
  readonly gaps: Map<number, GapRow>
  /** The session that leads, by name. */
  readonly leaderships: Map<string, number>
  /** Buckets of alerts that are open, by kind and subject. */
  readonly buckets: Map<string, AlertBucket>
  /** Alerts that were not sent individually, by `topic/partition/offset`. */
  readonly unsent: Map<string, UnsentRow>
  readonly suppressions: Map<bigint, SuppressionRow>
  readonly models: Map<string, ModelRow>
  readonly modelChanges: Map<bigint, ModelChangeRow>
  readonly recalibrations: Map<bigint, RecalibrationRow>
  /** By shadow and model. */
  readonly shadowStatistics: Map<string, ShadowRow>
  readonly fits: Map<string, StoredFit>
  readonly requests: Map<bigint, RequestRow>
  /** The last assigned number of the outbox. */
  readonly sequences: Map<string, bigint>
}

/** A batch as the store sends it. */
export type BatchJson = ReturnType<typeof batchColumns>
export type ScoresJson = ReturnType<typeof scoreColumns>

export interface OffsetRow extends Omit<Awaited<ReturnType<typeof partitionCounters>>[number], 'missed'> {
  /** Where reading began. */
  readonly firstOffset: bigint
  readonly topicId: string | null
  readonly missed: bigint
}

interface GapRow {
  /** `topic/partition` */
  readonly partition: string
  readonly kind: string
  /** Of the topic whose records were deleted. */
  readonly topicId: string | null
  readonly from: bigint
  /** An offset of the same topic, or of the new one if it was created again. */
  readonly to: bigint
}

export interface OutboxRow {
  readonly id: bigint
  readonly sequence: bigint | null
  readonly kind: string
  readonly topic: string
  readonly key: Buffer | null
  readonly payload: Buffer | null
  readonly headers: unknown
  readonly createdAtMs: number
}

interface ScoreRow extends ScoreMinute {
  readonly modelId: string
}

interface UnsentRow {
  readonly because: string
  readonly ruleId: string | null
  /** The group of the alert; null: none. */
  readonly groupId: string | null
}

/** In the form that Postgres returns. */
export type SuppressionRow = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly entity: string | null
  readonly expiresAt: Date
  readonly removedAt: Date | null
  readonly hidden: number
}

export interface ModelRow extends StoredModel {
  readonly metadata: ModelMetadata
}

interface ModelChangeRow {
  readonly modelId: string
  readonly previousId: string | null
}

/** In the form that Postgres returns. */
interface RecalibrationRow {
  readonly [column: string]: unknown
  readonly id: bigint
  readonly modelId: string
  readonly recalibration: Recalibration
}

interface ShadowRow {
  readonly shadowId: string
  readonly scored: number
  readonly byBoth: number
  readonly byActive: number
  readonly byShadow: number
}

interface RequestRow {
  readonly id: bigint
  readonly by: string
  readonly why: string
  readonly fitId: string | null
}

export const makeTables = (): Tables => ({
  ...{ offsets: new Map(), anomalies: new Map(), deadLetters: new Map(), outbox: new Map(), scored: new Map() },
  ...{ windowStates: new Map(), fdrStates: new Map(), gaps: new Map(), leaderships: new Map() },
  ...{ sequences: new Map(), buckets: new Map(), unsent: new Map(), suppressions: new Map(), models: new Map() },
  ...{ modelChanges: new Map(), recalibrations: new Map(), shadowStatistics: new Map(), fits: new Map() },
  requests: new Map(),
})

export function copyTables(tables: Tables): Tables {
  const copies = Object.entries(tables).map(([name, rows]) => [name, new Map(rows as Map<unknown, unknown>)])
  return Object.fromEntries(copies) as Tables
}

export function replaceTables(tables: Tables, by: Tables): void {
  for (const [name, rows] of Object.entries(by)) {
    const own = tables[name as keyof Tables] as Map<unknown, unknown>
    own.clear()
    for (const [key, row] of rows as Map<unknown, unknown>) own.set(key, row)
  }
}
