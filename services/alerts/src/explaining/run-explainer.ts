import { eventMessage, explainedEvent } from '@outflow/alerting'
import { type Config, formatPosition } from '@outflow/contracts'
import { type Explainer, makeExplainer } from '@outflow/detector'
import { keepTrying, pause } from '@outflow/errors/retrying'
import type { Metrics } from '@outflow/runtime'
import { type Client, type Pool, withTransaction } from '@outflow/store'
import {
  alertsWithoutReasons,
  claimUnexplained,
  countUnexplained,
  type ExplainedAnomaly,
  storeExplanations,
} from '@outflow/store/anomalies'
import { explanationSource, listenForModels } from '@outflow/store/models'
import { claimOutboxOrder, queueMessages } from '@outflow/store/outbox'
import type { AlertsTelemetry } from '../telemetry.js'

interface ExplainerOptions {
  readonly config: Pick<Config, 'pipeline' | 'detection' | 'postgres' | 'alerts' | 'console'>
  readonly pool: Pool
  readonly telemetry: Pick<AlertsTelemetry, 'anomaliesExplained' | 'explainerInterrupted' | 'storeConnectionLost'>
  readonly metrics: Metrics
  /** Resolves when anomalies may have been stored, or the signal aborts. */
  readonly untilWoken: (signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

/** Anomalies explained in one transaction and in the same calls of the scorer; each call blocks the process. */
const AT_ONCE = 32

/**
 * Computes the reasons of the pipeline's anomalies until the signal aborts. Any number of instances may run, because each claims
 * different anomalies, and a claim ends with its transaction. With a backlog, the least likely of the newest are explained first.
 */
export async function runExplainer(options: ExplainerOptions): Promise<void> {
  const { config, pool, telemetry, metrics, untilWoken, signal } = options
  const { pipeline } = config
  const explainer = makeExplainer(explanationSource(pool, pipeline), config.detection)
  const models = listenForModels({
    url: config.postgres.url,
    pipeline,
    // Opens the model before its first anomaly, whose alert waits only briefly. A failure to open is reported with that anomaly.
    onChange: (id) => void (id && explainer.open(id).catch(() => {})),
    onError: telemetry.storeConnectionLost,
  })
  metrics.gaugeOf(
    'outflow_unexplained_anomalies',
    'Anomalies whose reasons have not been computed yet; NaN while Postgres is unavailable',
    () => countUnexplained(pool, pipeline),
  )
  try {
    await keepTrying(
      async (progressed) => {
        while (!signal.aborted) {
          const startedAt = performance.now()
          const explained = await withTransaction(pool, (client) => explainSome(client, config, explainer))
          progressed()
          telemetry.anomaliesExplained(explained)
          const elapsedMs = performance.now() - startedAt
          if (explained.length > 0) await pause(restMs(explained.length, elapsedMs), signal)
          // There were no others, and those stored since have woken this.
          if (explained.length < AT_ONCE) await untilWoken(signal)
        }
      },
      { signal, onRetry: telemetry.explainerInterrupted },
    )
  } finally {
    await models.close()
    await explainer.close()
  }
}

/**
 * At most half of the time is spent on explaining, because the process may run ingest as well. Without a backlog the pause is also in
 * proportion to the anomalies, so that under load the next round has many, which cost less together.
 */
function restMs(explained: number, elapsedMs: number): number {
  return explained < AT_ONCE ? Math.max(elapsedMs, explained * REST_MS_PER_ANOMALY) : elapsedMs
}

const REST_MS_PER_ANOMALY = 5

async function explainSome(
  client: Client,
  config: ExplainerOptions['config'],
  explainer: Explainer,
): Promise<readonly ExplainedAnomaly[]> {
  const { pipeline } = config
  const claimed = await claimUnexplained(client, { pipeline, limit: AT_ONCE })
  if (claimed.length === 0) return []
  const explanations = await explainer.explain(claimed)
  const explained = claimed.map(({ topic, partition, offset, recordTime }, at) => {
    return { topic, partition, offset, recordTime, ...explanations[at]! }
  })
  if (config.alerts.explained) await queueLateReasons(client, config, explained)
  await storeExplanations(client, pipeline, explained)
  return explained
}

/** Puts the reasons of alerts that were sent without them into the outbox, in the transaction that stores the reasons. */
async function queueLateReasons(
  client: Client,
  { pipeline, alerts: { topic }, console }: ExplainerOptions['config'],
  explained: readonly ExplainedAnomaly[],
): Promise<void> {
  const explainable = explained.filter(({ reasons }) => reasons !== null)
  const byPosition = new Map(explainable.map((anomaly) => [formatPosition(anomaly), anomaly]))
  await claimOutboxOrder(client, pipeline)
  const late = await alertsWithoutReasons(client, pipeline, explainable)
  const messages = late.map((alert) => {
    const { reasons, counterfactual } = byPosition.get(formatPosition(alert))!
    const event = explainedEvent({ ...alert, reasons: reasons!, counterfactual }, pipeline, console.url)
    return eventMessage(event, { topic })
  })
  await queueMessages(client, pipeline, messages)
}
