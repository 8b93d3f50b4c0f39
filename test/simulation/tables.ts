import type { FdrState } from '@outflow/contracts'

/** What the simulated Postgres stores of one pipeline. Rows are replaced, never changed. */
export interface Tables {
  /** By `topic/partition`. */
  readonly offsets: Map<string, OffsetRow>
  /** By `topic/partition/offset`. */
  readonly anomalies: Map<string, AnomalyRow>
  /** By `topic/partition/offset`. */
  readonly deadLetters: Map<string, DeadLetterRow>
  readonly outbox: Map<bigint, OutboxRow>
  /** Records by minute and model. */
  readonly scored: Map<string, number>
  /** Records by minute and reason. */
  readonly rejected: Map<string, number>
  /** By partition, entity path and entity. */
  readonly windowStates: Map<string, WindowStateRow>
  /** By `topic/partition`. */
  readonly fdrStates: Map<string, FdrState>
  /** Records that were deleted unread. */
  readonly gaps: Map<string, bigint>
  /** The session that leads, by name. */
  readonly leaderships: Map<string, number>
  /** Buckets of alerts that are open, by kind and subject. */
  readonly buckets: Map<string, BucketRow>
  /** Alerts that were not sent singly, by `topic/partition/offset`, with the group that they are in; null: none. */
  readonly unsent: Map<string, string | null>
  /** The last number that the outbox has given. */
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

export interface AnomalyRow {
  readonly offset: string
  readonly record: string
  readonly nll: number
  readonly p_value: number
  readonly windowed: readonly number[] | null
  readonly model_id: string
  readonly recalibration_id: string | null
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

export interface WindowStateRow {
  readonly by: string
  readonly entity: string
  readonly state: Buffer
}

/** As Postgres gives it. */
export type BucketRow = Readonly<Record<string, unknown>> & {
  readonly kind: string
  readonly subject: string
  readonly closes_at: Date
  readonly count: number
}

export const makeTables = (): Tables => ({
  ...{ offsets: new Map(), anomalies: new Map(), deadLetters: new Map(), outbox: new Map(), scored: new Map() },
  ...{ rejected: new Map(), windowStates: new Map(), fdrStates: new Map(), gaps: new Map(), leaderships: new Map() },
  ...{ sequences: new Map(), buckets: new Map(), unsent: new Map() },
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
