/** Why a record was rejected. A closed set: it labels a metric and a column. `failed`: it caused an error in a step of ingest. */
export const REJECTION_REASONS = [
  'empty',
  'too_large',
  'undecodable',
  'missing_field',
  'wrong_type',
  'bad_timestamp',
  'failed',
] as const

export type RejectionReason = (typeof REJECTION_REASONS)[number]

/** A record that breaks its contract: a value, not an error. It becomes a dead letter with its position and this reason. */
export interface Rejection {
  readonly reason: RejectionReason
  /** The rule, the place (a path in the record where there is one) and what was found, in one line. */
  readonly detail: string
}
