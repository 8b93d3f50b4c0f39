import type { Comparison } from './comparison.js'

/** What a replay found, and what it did. */
export interface ReplayReport extends Comparison {
  readonly pipeline: string
  readonly from: string
  readonly to: string
  readonly modelId: string
  /** What a record is held to now: a rate, or the share of false alerts. */
  readonly held: { readonly alertRate: number } | { readonly fdr: number }
  /** Put into the outbox; 0 unless asked for. */
  readonly alerts: number
}
