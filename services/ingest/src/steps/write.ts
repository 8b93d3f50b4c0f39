import { alertEvent, alertMessage } from '@outflow/alerting'
import { retrying, type Tracing } from '@outflow/runtime'
import type { BatchWrite } from '@outflow/store/batch'
import { minuteRejections, minuteScores } from '@outflow/store/statistics'
import type { ExplainedBatch, WrittenBatch } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'
import { traceBatch } from '../trace-batch.js'

export interface WriteOptions {
  readonly pipeline: string
  readonly alertsTopic: string
  readonly writeBatch: (batch: BatchWrite) => Promise<'written' | 'superseded'>
  readonly telemetry: Pick<IngestTelemetry, 'writeRetried'>
  /** Once it aborts, a write that fails is not repeated: what was not written is read again. */
  readonly signal: AbortSignal
  /** Absent or null: no traces. */
  readonly tracing?: Tracing | null
  /** Epoch ms; default: the clock. */
  readonly now?: () => number
}

/**
 * Makes the step that writes all that a batch changes in one Postgres transaction. While the store is away the write is
 * repeated, and the partition waits behind it in order.
 */
export function writeWith({ writeBatch, telemetry, signal, tracing = null, now = Date.now, ...target }: WriteOptions) {
  return async (batch: ExplainedBatch): Promise<WrittenBatch> => {
    const span = tracing && traceBatch(tracing, target.pipeline, batch)
    const traceparent = span?.traceparent
    const write = toBatchWrite(batch, { ...target, traceparent, detectedAtMs: now() })
    try {
      const outcome = await retrying(() => writeBatch(write), {
        signal,
        onRetry: (...retry) => telemetry.writeRetried(batch.delivery, ...retry),
      })
      span?.end({ 'outflow.outcome': outcome })
      return { ...batch, outcome }
    } catch (error: unknown) {
      span?.end({}, error as Error)
      throw error
    }
  }
}

/** All that a batch changes in Postgres, alerts and dead letters in the order of their records. */
function toBatchWrite(
  {
    delivery,
    records,
    rejected,
    skipped,
    deadLetters,
    deadLetterMessages,
    anomalies,
    scores,
    ownPValue,
    model,
    windowStates,
    decisions,
    shadow,
  }: ExplainedBatch,
  {
    pipeline,
    alertsTopic,
    traceparent,
    detectedAtMs,
  }: { pipeline: string; alertsTopic: string; traceparent: string | undefined; detectedAtMs: number },
): BatchWrite {
  const { topic, partition } = delivery
  const alerts = anomalies.map((anomaly) => ({
    offset: anomaly.offset,
    message: alertMessage(alertEvent({ ...anomaly, topic, partition }, { pipeline, detectedAtMs }), {
      topic: alertsTopic,
      traceparent,
    }),
  }))
  return {
    pipeline,
    topic,
    partition,
    expectedOffset: delivery.expectedOffset,
    nextOffset: delivery.nextOffset,
    received: delivery.records.length - skipped,
    scored: records.length,
    skipped,
    fdrState: decisions.fdrState,
    anomalies,
    deadLetters,
    outbox: [...alerts, ...deadLetterMessages]
      .toSorted((a, b) => Number(a.offset - b.offset))
      .map(({ message }) => message),
    scores: minuteScores(
      model.modelId,
      records.map(({ source }) => source.timestampMs),
      scores.nll,
      decisions.isAnomaly,
      ownPValue,
    ),
    ...(windowStates && { windowStates }),
    ...(shadow && { shadow }),
    rejections: minuteRejections(
      rejected.map(({ source, rejection }) => ({ recordTimeMs: source.timestampMs, reason: rejection.reason })),
    ),
  }
}
