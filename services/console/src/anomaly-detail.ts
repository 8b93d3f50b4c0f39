import type { StoredExplanation } from '@outflow/detector'
import type { GivenVerdict, StoredAnomaly } from '@outflow/store/anomalies'
import type { ModelSummary } from '@outflow/store/models'
import type { AlertFate } from '@outflow/store/outbox'
import type { deliveriesOf } from '@outflow/store/webhooks'
import { summaryOf } from './anomaly-summary.js'
import type { Anomaly } from './api/index.js'

interface Surroundings {
  /** null when the model has been deleted. */
  readonly model: ModelSummary | null
  /** Newest first. */
  readonly verdicts: readonly GivenVerdict[]
  /** Why its alert was not sent alone; null: it was sent alone, or is still to be sent. */
  readonly unsent: AlertFate | null
  readonly deliveries: Awaited<ReturnType<typeof deliveriesOf>>
}

export function detailOf(
  anomaly: StoredAnomaly & StoredExplanation,
  { model, verdicts, unsent, deliveries }: Surroundings,
): Anomaly {
  const reasons = anomaly.reasons ?? []
  const line = {
    ...anomaly,
    recordTime: new Date(anomaly.recordTimeMs),
    eventTime: new Date(anomaly.eventTimeMs),
    topReason: reasons[0]?.text ?? null,
    fields: reasons,
    verdict: verdicts[0]?.verdict ?? null,
  }
  return {
    ...anomaly,
    ...summaryOf(line),
    reasons: [...reasons],
    missing: [...anomaly.missing],
    model: model && { id: model.id, trainedAt: model.createdAt, state: model.state },
    verdicts: [...verdicts],
    alert: { unsent, deliveries: [...deliveries] },
  }
}
