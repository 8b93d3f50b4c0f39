import type { DecisionRule } from '@outflow/detector'
import type { Comparison } from './comparison.js'

/** What a rescore found, and what it did. */
export interface RescoreReport extends Comparison {
  readonly pipeline: string
  readonly from: string
  readonly to: string
  readonly modelId: string
  /** The rule of the decisions now. */
  readonly rule: DecisionRule
  /** Put into the outbox; 0 unless asked for. */
  readonly alerts: number
}
