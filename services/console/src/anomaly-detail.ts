import type { StoredExplanation } from '@outflow/detector'
import type { GivenVerdict, StoredAnomaly } from '@outflow/store/anomalies'
import type { ModelSummary } from '@outflow/store/models'
import { summaryOf } from './anomaly-summary.js'
import type { Anomaly } from './api/index.js'

/** @param verdicts  the newest first */
export function detailOf(
  anomaly: StoredAnomaly & StoredExplanation,
  model: ModelSummary | null,
  verdicts: readonly GivenVerdict[],
): Anomaly {
  const line = {
    ...anomaly,
    recordTime: new Date(anomaly.recordTimeMs),
    eventTime: new Date(anomaly.eventTimeMs),
    topReason: anomaly.reasons?.[0]?.text ?? null,
    fields: (anomaly.reasons ?? []).map(({ field, bits }) => ({ field, bits })),
    verdict: verdicts[0]?.verdict ?? null,
  }
  return {
    ...summaryOf(line),
    record: anomaly.record,
    reasons: [...(anomaly.reasons ?? [])],
    unexplainable: anomaly.unexplainable,
    counterfactual: anomaly.counterfactual,
    missing: [...anomaly.missing],
    rescored: anomaly.rescored,
    pUpper: anomaly.pUpper,
    model: model && { id: model.id, trainedAt: model.createdAt.toISOString(), state: model.state },
    verdicts: verdicts.map(verdictOf),
  }
}

export const verdictOf = ({ verdict, note, by, at }: GivenVerdict): Anomaly['verdicts'][number] => ({
  verdict,
  note,
  by,
  at: at.toISOString(),
})
