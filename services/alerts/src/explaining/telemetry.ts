import { formatPosition } from '@outflow/contracts'
import type { OutflowError } from '@outflow/errors'
import type { Log, Metrics } from '@outflow/runtime'
import type { ExplainedAnomaly } from '@outflow/store/anomalies'

/** Log events and metrics of the explainer. */
export interface ExplainerTelemetry {
  anomaliesExplained(explained: readonly ExplainedAnomaly[]): void
  explainerInterrupted(error: OutflowError, attempt: number, waitMs: number): void
  storeConnectionLost(error: OutflowError): void
}

export function makeExplainerTelemetry(
  log: Log,
  metrics: Metrics,
  { storeConnectionLost }: Pick<ExplainerTelemetry, 'storeConnectionLost'>,
): ExplainerTelemetry {
  const explained = metrics.counter('outflow_explained_total', 'Anomalies whose reasons were computed')
  const unexplainable = metrics.counter('outflow_unexplainable_total', 'Anomalies whose reasons cannot be computed')
  return {
    anomaliesExplained: (anomalies) => {
      const failed = anomalies.filter((anomaly) => anomaly.unexplainable !== null)
      explained.inc(anomalies.length - failed.length)
      unexplainable.inc(failed.length)
      const [first] = failed
      if (first === undefined) return
      const anomaly = formatPosition(first)
      log.warn({ count: failed.length, anomaly, why: first.unexplainable }, 'anomalies not explained')
    },
    explainerInterrupted: (error, attempt, waitMs) => log.warn({ error, attempt, waitMs }, 'explainer interrupted'),
    storeConnectionLost,
  }
}
