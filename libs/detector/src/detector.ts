import type { ModelMetadata, Reason, Rejection } from '@outflow/contracts'
import type { Fields } from '@outflow/encoding'

/** How improbable each record of a batch is. */
export interface Scores {
  /** [count]; −log p(c) − log p(x | c), nats, in the record's own units */
  readonly nll: Float64Array
  /** [count]; the share of normal records at least as strange, split-conformal: above 0, at most 1 */
  readonly pValue: Float64Array
}

/** A fitted model at work. */
export interface Detector {
  readonly metadata: ModelMetadata
  /** Takes a decoded record's fields, or says why it breaks its contract. */
  read(record: unknown): Fields | Rejection
  score(batch: readonly Fields[]): Promise<Scores>
  /** Why a record is improbable, the field with the most bits first; meant for records that were flagged. */
  explain(fields: Fields): Promise<Reason[]>
  /** Synthetic normal records with the input's own fields, nested paths rebuilt. */
  sample(count: number, seed: number): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

export function openDetector(_artefact: Uint8Array): Promise<Detector> {
  throw new Error('being written')
}
