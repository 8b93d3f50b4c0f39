import { alertEvent, alertMessage } from '@outflow/alerting'
import type { JsonObject } from '@outflow/records'
import { retrying, type Tracing } from '@outflow/runtime'
import type { BatchWrite } from '@outflow/store/batch'
import { minuteRejections, minuteScores } from '@outflow/store/statistics'
import type { KafkaRecord } from '@outflow/streams'
import { anomaliesOf } from '../anomalies.js'
import type { ComparedBatch, WrittenBatch } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'
import { traceBatch } from '../trace-batch.js'

export interface WriteOptions {
  /** Gives the whole record of a message that could be read. */
  readonly recordOf: (source: KafkaRecord) => JsonObject
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
  return async (batch: ComparedBatch): Promise<WrittenBatch> => {
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

interface Target extends Pick<WriteOptions, 'pipeline' | 'alertsTopic' | 'recordOf'> {
  readonly traceparent: string | undefined
  readonly detectedAtMs: number
}

/** All that a batch changes in Postgres, alerts and dead letters in the order of their records. */
function toBatchWrite(batch: ComparedBatch, { pipeline, alertsTopic, recordOf, ...target }: Target): BatchWrite {
  const { delivery, records, rejected, skipped, deadLetters, deadLetterMessages, scores, decisions, shadow } = batch
  const { topic, partition } = delivery
  const { traceparent, detectedAtMs } = target
  const anomalies = anomaliesOf(batch, recordOf)
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
      batch.model.modelId,
      records.map(({ source }) => source.timestampMs),
      scores.nll,
      decisions.isAnomaly,
      batch.ownPValue,
    ),
    ...(batch.windowStates && { windowStates: batch.windowStates }),
    ...(shadow && { shadow }),
    rejections: minuteRejections(
      rejected.map(({ source, rejection }) => ({ recordTimeMs: source.timestampMs, reason: rejection.reason })),
    ),
  }
}
