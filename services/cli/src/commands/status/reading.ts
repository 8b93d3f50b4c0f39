import type { StoredDriftAlarm } from '@outflow/store/models'
import type { PipelineStatus } from '@outflow/store/pipelines'

/** How a pipeline stood at one moment. */
export interface Reading extends Omit<PipelineStatus, 'modelMetadata'> {
  readonly pipeline: string
  readonly at: Date
  /** Records that are not read yet; null where Kafka did not answer. */
  readonly lag: number | null
  readonly lagUnknown: string | null
  /** What no record can reach under the active model; null: nothing. */
  readonly unreachable: string | null
  /** Why no model is active, and the command where one helps; null: a model is active. */
  readonly whyNoModel: string | null
  /** The newest alarm, if it is of the last day. */
  readonly drift: StoredDriftAlarm | null
}

/** Records a second between two readings of a pipeline. */
export function rateBetween(earlier: Reading, later: Reading): number {
  const seconds = (later.at.getTime() - earlier.at.getTime()) / 1_000
  // Less than before: its offsets were deleted, and it begins anew.
  return seconds <= 0 ? 0 : Math.max(0, later.received - earlier.received) / seconds
}
