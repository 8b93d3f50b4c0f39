import { alertEvent, eventMessage } from '@outflow/alerting'
import type { Config } from '@outflow/contracts'
import { retrying } from '@outflow/errors/retrying'
import type { Tracing } from '@outflow/runtime'
import { PositionMoved } from '@outflow/store'
import type { BatchWrite, WriteOutcome } from '@outflow/store/batch'
import { minuteScores } from '@outflow/store/statistics'
import { anomaliesOf } from '../anomalies.js'
import type { ComparedBatch, RecordOf } from '../batch.js'
import { deadLetterMessage } from '../dead-letter-message.js'
import type { IngestTelemetry } from '../telemetry.js'
import { traceBatch } from '../trace-batch.js'

export interface WriteOptions {
  readonly recordOf: RecordOf
  readonly config: Pick<Config, 'pipeline' | 'deadLetters'> & {
    readonly alerts: Pick<Config['alerts'], 'topic' | 'provisional'>
    readonly console: Pick<Config['console'], 'url'>
  }
  readonly writeBatch: (batch: BatchWrite) => Promise<WriteOutcome>
  readonly telemetry: Pick<IngestTelemetry, 'writeRetried'>
  /** After it aborts, a failed write is not retried; unwritten records are read again. */
  readonly signal: AbortSignal
  /** Absent or null: tracing is off. */
  readonly tracing?: Tracing | null
}

/**
 * Returns the step that writes all changes of a batch in one Postgres transaction. The write is retried while the store is not
 * available, and the partition waits meanwhile, so that its order is kept.
 *
 * @returns rejects with {PositionMoved} if another write has moved the offset; nothing was written
 */
export function writeWith(options: WriteOptions) {
  const { config, writeBatch, telemetry, signal, tracing = null } = options
  return async (batch: ComparedBatch): Promise<ComparedBatch> => {
    const span = tracing && traceBatch(tracing, config.pipeline, batch)
    const write = toBatchWrite(batch, options, span?.traceparent)
    const outcome = await retrying(() => writeBatch(write), {
      signal,
      onRetry: (...retry) => telemetry.writeRetried(batch.delivery, ...retry),
    }).catch((error: unknown) => {
      span?.end({}, error as Error)
      throw error
    })
    span?.end({ 'outflow.outcome': outcome })
    if (outcome === 'written') return batch
    throw new PositionMoved(write, write.expectedOffset)
  }
}

/** Returns all changes of a batch in Postgres, with alerts and dead letters in the order of their records. */
function toBatchWrite(
  batch: ComparedBatch,
  { config, recordOf }: Pick<WriteOptions, 'config' | 'recordOf'>,
  traceparent: string | undefined,
): BatchWrite {
  const { pipeline } = config
  const detectedAtMs = Date.now()
  const { delivery, records, rejected, skipped, scores, decisions, shadow } = batch
  const { topic, partition, expectedOffset, topicId, nextOffset } = delivery
  const anomalies = anomaliesOf(batch, recordOf)
  const withholdsAlerts = batch.model.detector.metadata.provisional && !config.alerts.provisional
  const alertMessages = (withholdsAlerts ? [] : anomalies).map((anomaly) => ({
    offset: anomaly.offset,
    message: eventMessage(
      alertEvent({ ...anomaly, topic, partition }, { pipeline, detectedAtMs, consoleUrl: config.console.url }),
      { topic: config.alerts.topic, traceparent },
    ),
  }))
  const deadLetterOptions = { topic: config.deadLetters.topic, rejectedAt: new Date(detectedAtMs).toISOString() }
  const deadLetterMessages = rejected.map((record) => ({
    offset: record.source.offset,
    message: deadLetterMessage(delivery, record, deadLetterOptions),
  }))
  return {
    pipeline,
    topic,
    partition,
    expectedOffset,
    topicId,
    nextOffset,
    received: delivery.records.length - skipped,
    scored: records.length,
    skipped,
    fdrState: decisions.fdrState,
    anomalies,
    withholdsAlerts,
    deadLetters: rejected.map(({ source, rejection }) => ({
      offset: source.offset,
      recordTimeMs: source.timestampMs,
      reason: rejection.reason,
      detail: rejection.detail,
      key: source.key,
      value: source.value,
    })),
    outbox: [...alertMessages, ...deadLetterMessages]
      .toSorted((a, b) => Number(a.offset - b.offset))
      .map(({ message }) => message),
    scores: minuteScores(batch.model.modelId, batch.recordTimesMs, scores.nll, decisions.isAnomaly, batch.ownPValue),
    ...(batch.windowStates && { windowStates: batch.windowStates }),
    ...(shadow && { shadow }),
  }
}
