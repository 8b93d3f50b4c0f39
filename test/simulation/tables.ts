import type { FdrState, FitReport, GateReport, ModelMetadata, Recalibration } from '@outflow/contracts'
import type { ModelState } from '@outflow/store/models'
import type { FitState } from '@outflow/store/training'

/** What the simulated Postgres stores of one pipeline. Rows are replaced, never changed. */
export interface Tables {
  /** By `topic/partition`. */
  readonly offsets: Map<string, OffsetRow>
  /** By `topic/partition/offset` and record time. */
  readonly anomalies: Map<string, AnomalyRow>
  /** By `topic/partition/offset`. */
  readonly deadLetters: Map<string, DeadLetterRow>
  readonly outbox: Map<bigint, OutboxRow>
  /** By minute and model. */
  readonly scored: Map<string, ScoreRow>
  /** Records by minute and reason. */
  readonly rejected: Map<string, number>
  /** By partition, entity path and entity. */
  readonly windowStates: Map<string, WindowStateRow>
  /** By `topic/partition`. */
  readonly fdrStates: Map<string, FdrState>
  /** Records that were deleted before they were read. */
  readonly gaps: Map<number, GapRow>
  /** The session that leads, by name. */
  readonly leaderships: Map<string, number>
  /** Buckets of alerts that are open, by kind and subject. */
  readonly buckets: Map<string, BucketRow>
  /** Alerts that were not sent individually, by `topic/partition/offset`. */
  readonly unsent: Map<string, UnsentRow>
  readonly suppressions: Map<bigint, SuppressionRow>
  readonly models: Map<string, ModelRow>
  readonly modelChanges: Map<bigint, ModelChangeRow>
  readonly recalibrations: Map<bigint, RecalibrationRow>
  /** By shadow and model. */
  readonly shadowStatistics: Map<string, ShadowRow>
  readonly fits: Map<bigint, FitRow>
  readonly requests: Map<bigint, RequestRow>
  /** The last assigned number of the outbox. */
  readonly sequences: Map<string, bigint>
}

export interface OffsetRow {
  readonly topic: string
  readonly partition: number
  /** Where reading began. */
  readonly firstOffset: bigint
  readonly nextOffset: bigint
  readonly topicId: string | null
  readonly received: number
  readonly scored: number
  readonly rejected: number
  readonly skipped: number
  readonly anomalies: number
  readonly alerts: number
  readonly missed: bigint
}

export interface GapRow {
  /** `topic/partition` */
  readonly partition: string
  readonly kind: string
  /** Of the topic whose records were deleted. */
  readonly topicId: string | null
  readonly from: bigint
  /** An offset of the same topic, or of the new one if it was created again. */
  readonly to: bigint
}

export interface AnomalyRow {
  readonly offset: string
  readonly record_time: string
  readonly record: string
  readonly nll: number
  readonly p_value: number
  readonly windowed: readonly number[] | null
  readonly model_id: string
  readonly recalibration_id: string | null
  readonly provisional: boolean
}

export interface DeadLetterRow {
  readonly offset: string
  readonly reason: string
  readonly value_start: string | null
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

export interface ScoreRow {
  readonly minuteMs: number
  readonly modelId: string
  readonly scored: number
  readonly anomalies: number
  readonly histogram: readonly number[]
  readonly pHistogram: readonly number[]
}

export interface UnsentRow {
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

export interface ModelRow {
  readonly id: string
  readonly state: ModelState
  readonly artefact: Buffer
  /** hex */
  readonly checksum: string
  readonly metadata: ModelMetadata
  readonly metrics: GateReport
  readonly parentId: string | null
  readonly createdAtMs: number
  readonly promotedAtMs: number | null
  readonly shadowSinceMs: number | null
}

export interface ModelChangeRow {
  readonly action: string
  readonly modelId: string
  readonly previousId: string | null
}

/** In the form that Postgres returns. */
export interface RecalibrationRow {
  readonly [column: string]: unknown
  readonly id: bigint
  readonly modelId: string
  readonly recalibration: Recalibration
}

export interface ShadowRow {
  readonly shadowId: string
  readonly scored: number
  readonly byBoth: number
  readonly byActive: number
  readonly byShadow: number
}

export interface FitRow {
  readonly id: bigint
  readonly because: string
  readonly incumbentId: string | null
  readonly report: FitReport
  readonly state: FitState
  readonly modelId: string | null
  readonly step: number
  readonly maxSteps: number | null
  readonly startedAtMs: number
  readonly endedAtMs: number | null
}

export interface RequestRow {
  readonly id: bigint
  readonly by: string
  readonly why: string
  readonly fitId: string | null
}

export interface WindowStateRow {
  readonly by: string
  readonly entity: string
  readonly state: Buffer
}

/** In the form that Postgres returns. */
export type BucketRow = Readonly<Record<string, unknown>> & {
  readonly kind: string
  readonly subject: string
  readonly closesAtMs: number
  readonly count: number
}

export const makeTables = (): Tables => ({
  ...{ offsets: new Map(), anomalies: new Map(), deadLetters: new Map(), outbox: new Map(), scored: new Map() },
  ...{ rejected: new Map(), windowStates: new Map(), fdrStates: new Map(), gaps: new Map(), leaderships: new Map() },
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
