import type { DetectionTarget, FdrState } from '@outflow/contracts'
import { decide, decisionRule } from '@outflow/detector'
import { retrying } from '@outflow/errors/retrying'
import type { Delivery } from '@outflow/streams'
import type { DecidedBatch, ScoredBatch } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'

export interface DecideOptions {
  readonly detection: DetectionTarget
  /** State of online false-discovery control that was written with the delivery's `expectedOffset`; null: none yet. @throws {PositionMoved} */
  readonly storedState: (delivery: Delivery) => Promise<FdrState | null>
  readonly telemetry: Pick<IngestTelemetry, 'stateReadRetried'>
  /** Once it aborts, a state that could not be read is not requested again. */
  readonly signal: AbortSignal
}

/**
 * Returns the step that decides which records are anomalies. The rule depends on the configuration and the batch's model alone.
 *
 * Online false-discovery control runs for each partition separately. Its state is read for every batch, together with the stored offset,
 * and stored in the transaction that moves the offset.
 */
export function decideWith({ detection, storedState, telemetry, signal }: DecideOptions) {
  return async (batch: ScoredBatch): Promise<DecidedBatch> => {
    const rule = decisionRule(detection, batch.model.detector.metadata)
    const fdrBefore =
      'fdr' in rule
        ? await retrying(() => storedState(batch.delivery), {
            signal,
            onRetry: (...retry) => telemetry.stateReadRetried(batch.delivery, ...retry),
          })
        : null
    return { ...batch, fdrBefore, decisions: decide(batch.scores.pValue, rule, fdrBefore) }
  }
}
