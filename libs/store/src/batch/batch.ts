import type { EntityState, FdrState } from '@outflow/contracts'
import type { Anomaly } from '../anomalies/anomaly.js'
import type { DeadLetter } from '../dead-letters/dead-letters.js'
import type { ShadowCounts } from '../models/shadows.js'
import type { OutboxMessage } from '../outbox/outbox-message.js'
import type { MinuteScores } from '../statistics/statistics.js'

/** All changes of one delivery in Postgres. */
export interface BatchWrite {
  readonly pipeline: string
  readonly topic: string
  readonly partition: number
  /** The delivery's `expectedOffset`: the write happens only if this is the stored offset; `beginPartitions` stores the first one. */
  readonly expectedOffset: bigint
  /**
   * The delivery's `topicId`, which must be the stored one, too: a topic that was created again may have reached the same offset. Default:
   * null, the broker has no topic ids.
   */
  readonly topicId?: string | null
  /** The delivery's `nextOffset`. */
  readonly nextOffset: bigint
  /** Records in the delivery: `scored + deadLetters.length`, which the store checks. */
  readonly received: number
  readonly scored: number
  /** Tombstones in the delivery, which are skipped; default: 0. */
  readonly skipped?: number
  /** State of online false-discovery control after this batch; null or absent if it is off. */
  readonly fdrState?: FdrState | null
  readonly anomalies: readonly Anomaly[]
  /** Whether the alerts of the anomalies are not sent, because their model is provisional; default: false. */
  readonly withholdsAlerts?: boolean
  readonly deadLetters: readonly DeadLetter[]
  /** Alerts and dead letters, in offset order. */
  readonly outbox: readonly OutboxMessage[]
  /** At most one entry a minute and model. */
  readonly scores: readonly MinuteScores[]
  /** Window states at `nextOffset` of the entities with records in the batch; absent: there are no windowed features. */
  readonly windowStates?: readonly EntityState[]
  /** Agreement of the shadow with the active model; absent: there is no shadow. */
  readonly shadow?: ShadowWrite
}

/** A batch's contribution to the comparison of a candidate with the active model. */
export interface ShadowWrite extends ShadowCounts {
  readonly shadowId: string
  readonly modelId: string
  /** The records that are anomalies for only one of them. */
  readonly differences: readonly ShadowDifference[]
}

interface ShadowDifference
  extends Pick<Anomaly, 'offset' | 'recordTimeMs' | 'eventTimeMs' | 'entityKey' | 'record' | 'nll' | 'pValue'> {
  readonly anomalyBy: 'active' | 'shadow'
  readonly shadowNll: number
  readonly shadowPValue: number
}
