import { alertRateOf, type Held } from '@outflow/contracts'
import { beginFdr, type FdrState, judgeOnline } from '@outflow/detector'
import { defer, map, type Observable } from 'rxjs'
import type { JudgedBatch, ScoredBatch } from '../batch.js'
import { retryWhileAway } from '../retry-while-away.js'
import type { IngestTelemetry } from '../telemetry.js'

/**
 * Makes the step that passes the verdict: a record is an anomaly when its p-value is at most the alert rate. A budget is
 * turned into a rate by what the batch's model knows of its window, so the verdict follows from the model alone.
 */
export function judgeAt(held: Held) {
  return async (batch: ScoredBatch): Promise<JudgedBatch> => {
    const { recordsPerDay } = batch.model.detector.metadata
    const outliers = judgeAlike(batch.scores.pValue, recordsPerDay)
    const alertRate = alertRateOf(held, recordsPerDay)
    return { ...batch, outliers, levels: outliers.map(() => alertRate), fdrState: null, judgeAlike }
  }

  function judgeAlike(pValues: Float64Array, recordsPerDay: number | null | undefined): number[] {
    const alertRate = alertRateOf(held, recordsPerDay)
    const outliers: number[] = []
    pValues.forEach((pValue, index) => {
      if (pValue <= alertRate) outliers.push(index)
    })
    return outliers
  }
}

export interface OnlineJudgeOptions {
  /** Share of alerts that may be false. */
  readonly fdr: number
  /** The state that was written with the partition's stored offset; null: none yet. */
  readonly storedState: (at: { readonly topic: string; readonly partition: number }) => Promise<FdrState | null>
  readonly telemetry: Pick<IngestTelemetry, 'stateReadRetried'>
  /** Once it aborts, a state that could not be read is not asked for again. */
  readonly signal: AbortSignal
}

/**
 * Makes the step that passes the verdict by online false-discovery control, for each partition by itself. Its state is read
 * with every batch and moves in the transaction that moves the offset. Were it read too late, behind another instance's
 * write, the batch would be superseded by the same offset.
 */
export function judgeOnlineWith({ fdr, storedState, telemetry, signal }: OnlineJudgeOptions) {
  return (batch: ScoredBatch): Observable<JudgedBatch> =>
    defer(() => storedState(batch.delivery)).pipe(
      retryWhileAway(signal, (error, attempt, waitMs) =>
        telemetry.stateReadRetried(batch.delivery, error, attempt, waitMs),
      ),
      map((stored) => {
        const before = stored?.fdr === fdr ? stored : beginFdr(fdr)
        const { rejected, levels, state } = judgeOnline(before, batch.scores.pValue)
        const judgeAlike = (pValue: Float64Array) => judgeOnline(before, pValue).rejected
        return { ...batch, outliers: rejected, levels, fdrState: state, judgeAlike }
      }),
    )
}
