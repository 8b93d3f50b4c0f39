import { formatPosition } from '@outflow/contracts'
import type { OutflowError } from '@outflow/errors'
import type { Log, Metrics } from '@outflow/runtime'
import type { ExplainedAnomaly } from '@outflow/store/anomalies'

/** Log events and metrics of the explainer. */
export type ExplainerTelemetry = ReturnType<typeof makeExplainerTelemetry>

export function makeExplainerTelemetry(log: Log, metrics: Metrics) {
  const explained = metrics.counter('outflow_explained_total', 'Anomalies whose reasons were computed')
  const unexplainable = metrics.counter('outflow_unexplainable_total', 'Anomalies whose reasons cannot be computed')
  return {
    anomaliesExplained: (anomalies: readonly ExplainedAnomaly[]) => {
      const failed = anomalies.filter((anomaly) => anomaly.unexplainable !== null)
      explained.inc(anomalies.length - failed.length)
      unexplainable.inc(failed.length)
      const [first] = failed
      if (first === undefined) return
      const anomaly = formatPosition(first)
      log.warn({ count: failed.length, anomaly, why: first.unexplainable }, 'anomalies not explained')
    },
    explainerInterrupted: (error: OutflowError, attempt: number, waitMs: number) =>
      log.warn({ error, attempt, waitMs }, 'explainer interrupted'),
  }
}
