import { unexplainable } from '@outflow/detector'
import type { GivenVerdict, StoredAnomaly } from '@outflow/store/anomalies'
import type { ModelSummary } from '@outflow/store/models'
import { summaryOf } from './anomaly-summary.js'
import type { Anomaly } from './api/index.js'

/** @param verdicts  the newest first */
export function detailOf(
  anomaly: StoredAnomaly,
  model: ModelSummary | null,
  verdicts: readonly GivenVerdict[],
): Anomaly {
  const line = {
    ...anomaly,
    recordTime: new Date(anomaly.recordTimeMs),
    eventTime: new Date(anomaly.eventTimeMs),
    topReason: anomaly.reasons[0]?.text ?? null,
    verdict: verdicts[0]?.verdict ?? null,
  }
  return {
    ...summaryOf(line),
    record: anomaly.record,
    reasons: [...anomaly.reasons],
    unexplainable: whyUnexplainable(anomaly, model),
    counterfactual: anomaly.counterfactual,
    missing: [...anomaly.missing],
    rescored: anomaly.rescored,
    pUpper: anomaly.pUpper,
    model: model && { id: model.id, trainedAt: model.createdAt.toISOString(), state: model.state },
    verdicts: verdicts.map(verdictOf),
  }
}

function whyUnexplainable({ reasons, modelId }: StoredAnomaly, model: ModelSummary | null): string | null {
  if (reasons.length > 0) return null
  if (model === null) return unexplainable(modelId, null)
  // A model of another version is refused by the command itself, which states the version.
  return model.metadata === null ? null : unexplainable(modelId, model.metadata)
}

export const verdictOf = ({ verdict, note, by, at }: GivenVerdict): Anomaly['verdicts'][number] => ({
  verdict,
  note,
  by,
  at: at.toISOString(),
})
