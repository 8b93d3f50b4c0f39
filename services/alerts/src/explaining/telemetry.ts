import { formatPosition } from '@outflow/contracts'
import type { OutflowError } from '@outflow/errors'
import { isPowerOfTwo } from '@outflow/errors/retrying'
import type { Log } from '@outflow/runtime'
import type { ExplainedAnomaly } from '@outflow/store/anomalies'

/** Log events of the explainer. */
export type ExplainerTelemetry = ReturnType<typeof makeExplainerTelemetry>

export function makeExplainerTelemetry(log: Log) {
  return {
    anomaliesExplained: (anomalies: readonly ExplainedAnomaly[]) => {
      const failed = anomalies.filter((anomaly) => anomaly.unexplainable !== null)
      const [first] = failed
      if (first === undefined) return
      const anomaly = formatPosition(first)
      log.warn({ count: failed.length, anomaly, why: first.unexplainable }, 'anomalies not explained')
    },
    explainerInterrupted: (error: OutflowError, attempt: number, waitMs: number) => {
      if (isPowerOfTwo(attempt)) log.warn({ error, attempt, waitMs }, 'explainer interrupted')
    },
  }
}
