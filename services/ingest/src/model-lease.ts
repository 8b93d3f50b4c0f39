import type { Detector, Following } from '@outflow/detector'

/** A model lent to one batch. */
export interface ModelLease {
  readonly modelId: string
  readonly detector: Detector
  /** How its p-values are moved; null: not at all. */
  readonly followed: { readonly id: bigint; readonly following: Following } | null
  /** To be called once, when the batch has ended. */
  giveBack(): void
}
