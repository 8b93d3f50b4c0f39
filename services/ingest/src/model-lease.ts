import type { Detector } from '@outflow/detector'

/** A model lent to one batch. */
export interface ModelLease {
  readonly modelId: string
  readonly detector: Detector
  /** To be called once, when the batch has ended. */
  giveBack(): void
}
