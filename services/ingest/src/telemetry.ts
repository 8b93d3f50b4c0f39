import { type DetectionTarget, type ModelMetadata, REJECTION_REASONS } from '@outflow/contracts'
import { decisionRule, unreachable } from '@outflow/detector'
import type { OutflowError } from '@outflow/errors'
import { countAttempts, isPowerOfTwo } from '@outflow/errors/retrying'
import type { SettleResult } from '@outflow/records'
import type { Log, Metrics } from '@outflow/runtime'
import type { StoredRecalibration } from '@outflow/store/models'
import type { Retention } from '@outflow/store/retention'
import { type Delivery, type DeliveryHooks, partitionKeyOf } from '@outflow/streams'
import type { ComparedBatch } from './batch.js'

/** Log events and metrics of ingest. */
export type IngestTelemetry = ReturnType<typeof makeTelemetry>

/** A change of the served model. */
interface Swap {
  /** The previously served model; null: none. */
  readonly previousId: string | null
  /** The active model that this one replaces because it could not be opened. */
  readonly insteadOf: string | null
  /** Measured by the store's clock. */
  readonly promotedAt: Date | null
}

/** Arguments of a hook of deliveries. */
type Hooked<K extends keyof DeliveryHooks> = Parameters<NonNullable<DeliveryHooks[K]>>[0]

const BATCH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** A model for which some of the detection is unreachable is logged as a warning. */
export function makeTelemetry(log: Log, metrics: Metrics, detection: DetectionTarget) {
  const instruments = makeInstruments(metrics)
  let assigned: ReadonlySet<string> = new Set()
  /** Ignores a delivery that ends after another instance was assigned its partition. */
  const setLag = ({ topic, partition, partitionKey, highWatermark }: Delivery, nextOffset: bigint) => {
    if (!assigned.has(partitionKey)) return
    instruments.lag.set({ topic, partition: String(partition) }, Number(highWatermark - nextOffset))
  }
  // For Prometheus, a series that begins at 1 has never increased.
  for (const reason of REJECTION_REASONS) instruments.rejections.inc({ reason }, 0)
  for (const severity of ['low', 'medium', 'high']) instruments.anomalies.inc({ severity }, 0)
  /** Restarts of the consumer since it last had an assignment. */
  const restarts = countAttempts()
  let modelCreatedMs = Number.NaN
  metrics.gaugeOf(
    'outflow_model_age_seconds',
    'Age of the model that scores; NaN while there is none',
    () => (Date.now() - modelCreatedMs) / 1_000,
  )

  return {
    ingestStarted: (topics: readonly string[]) => log.info({ topics }, 'ingest started'),
    modelAwaited: () => log.info('first model awaited'),
    modelServed: (modelId: string, metadata: ModelMetadata, { previousId, insteadOf, promotedAt }: Swap) => {
      modelCreatedMs = Date.parse(metadata.createdAt)
      const rule = decisionRule(detection, metadata)
      const swap = {
        previousId,
        ...(insteadOf !== null && { insteadOf }),
        // For a model promoted before this process served any, it would measure the start of the process.
        ...(previousId !== null && promotedAt !== null && { sincePromotionMs: Date.now() - promotedAt.getTime() }),
      }
      log.info({ modelId, ...swap, createdAt: metadata.createdAt, ...rule }, 'model served')
      if (detection.alertBudget !== undefined && !metadata.recordsPerDay)
        log.warn({ modelId, ...rule }, 'alert rate assumed')
      const limit = unreachable(metadata, detection)
      if (limit !== null) log.warn({ modelId, limit }, 'detection limited')
    },
    modelRecalibrated: ({ id, modelId }: StoredRecalibration) =>
      log.debug({ modelId, recalibrationId: String(id) }, 'model recalibrated'),
    shadowServed: (modelId: string) => log.info({ modelId }, 'shadow served'),
    shadowEnded: (modelId: string) => log.info({ modelId }, 'shadow ended'),
    shadowFailed: (modelId: string, error: OutflowError, attempt: number) => {
      if (isPowerOfTwo(attempt)) log.warn({ modelId, error }, 'shadow failed')
    },
    modelNotOpened: (modelId: string, error: OutflowError, servedId: string | null) => {
      instruments.notOpened.inc()
      log.error({ modelId, servedId, error }, 'model not opened')
    },
    noModelLeft: (modelId: string) => log.error({ modelId }, 'no earlier model'),
    modelLoadRetried: (modelId: string, error: OutflowError, attempt: number) => {
      if (isPowerOfTwo(attempt)) log.warn({ modelId, attempt, error }, 'model load retried')
    },
    partitionsAssigned: (partitions: Hooked<'assigned'>) => {
      // Otherwise the lag of a partition that another instance now reads would be reported forever.
      instruments.lag.reset()
      assigned = new Set(partitions.map(partitionKeyOf))
      restarts.reset()
      log.info({ partitions }, 'partitions assigned')
    },
    partitionsSought: (partitions: Hooked<'sought'>) => {
      // Otherwise a superseded batch would be lag until the partition's next record.
      for (const { topic, partition } of partitions) instruments.lag.remove({ topic, partition: String(partition) })
      log.info({ partitions }, 'partitions sought')
    },
    recordsMissed: ({ topic, partition, kind, stored, next, missed: count }: Hooked<'missed'>) => {
      instruments.missed.inc({ topic, partition: String(partition) }, Number(count))
      const gap = { topic, partition, storedOffset: stored.nextOffset, nextOffset: next.nextOffset }
      if (count > 0n) log.error({ ...gap, kind, missed: count }, 'records missed')
      else log.warn(gap, 'topic recreated')
    },
    consumerRestarted: (error: Hooked<'restarting'>) => {
      const attempt = restarts.failed(error)
      if (isPowerOfTwo(attempt)) log.warn({ error, attempt }, 'consumer restarted')
    },
    schemaFetchRetried: retried((fields) => log.warn(fields, 'schema fetch retried')),
    writeRetried: retried((fields) => log.warn(fields, 'batch write retried')),
    windowStatesAwaited: retried((fields) => log.warn(fields, 'window states awaited')),
    windowStatesUsed: ({ late }: Pick<SettleResult, 'late'>) => instruments.late.inc(late),
    stateReadRetried: retried((fields) => log.warn(fields, 'state read retried')),
    recordFailed: ({ topic, partition }: Delivery, offset: bigint, error: OutflowError) =>
      log.error({ topic, partition, offset, error }, 'record failed'),
    superseded: (delivery: Delivery) => log.warn(position(delivery), 'batch superseded'),
    // A batch that cannot be written yet is lag, also of a partition that had none.
    batchBegun: (delivery: Delivery) => setLag(delivery, delivery.expectedOffset),
    batchWritten: ({ delivery, skipped, rejected, decisions, scores, startedAtMs }: ComparedBatch) => {
      const { topic } = delivery
      instruments.records.inc({ topic }, delivery.records.length - skipped)
      for (const { rejection } of rejected) instruments.rejections.inc({ reason: rejection.reason })
      for (const { severity } of decisions.anomalies) instruments.anomalies.inc({ severity })
      instruments.missing.inc(scores.missingValues)
      instruments.unseen.inc(scores.unseenValues)
      setLag(delivery, delivery.nextOffset)
      instruments.seconds.observe((performance.now() - startedAtMs) / 1_000)
      const counts = { rejected: rejected.length, anomalies: decisions.anomalies.length }
      log.debug({ ...position(delivery), ...counts }, 'batch written')
    },
    drainCutShort: (error: OutflowError) => log.warn({ error }, 'drain cut short'),
    startDelayed: (error: OutflowError) => log.warn({ error }, 'start delayed'),
    storeConnectionLost: (error: OutflowError) => log.warn({ error }, 'store connection lost'),
    /** Postgres's clock advanced by more than a day since the last run, because it jumped or the pipeline was stopped. */
    retentionBehind: ({ asOf, behindMs }: Pick<Retention, 'asOf' | 'behindMs'>) =>
      log.warn({ asOf, behindMs }, 'retention behind the clock'),
    retentionApplied: (cleared: readonly string[]) => log.info({ cleared }, 'retention applied'),
    retentionPostponed: (error: OutflowError) => log.warn({ error }, 'retention postponed'),
  }
}

function makeInstruments(metrics: Metrics) {
  return {
    records: metrics.counter('outflow_records_total', 'Records received: scored or rejected, and written', ['topic']),
    rejections: metrics.counter('outflow_rejected_total', 'Rejected records, sent to the dead-letter topic', [
      'reason',
    ]),
    anomalies: metrics.counter('outflow_anomalies_total', 'Anomalies', ['severity']),
    missing: metrics.counter(
      'outflow_missing_values_total',
      'Values that were null, "", "NaN" or another sign of a missing value',
    ),
    missed: metrics.counter(
      'outflow_missed_records_total',
      "Records that the topic's retention deleted before they were read",
      ['topic', 'partition'],
    ),
    unseen: metrics.counter('outflow_unseen_categories_total', 'Values of categories that training did not see'),
    notOpened: metrics.counter('outflow_models_not_opened_total', 'Models that could not be opened'),
    late: metrics.counter('outflow_late_records_total', "Records older than everything in their entity's window"),
    seconds: metrics.histogram('outflow_batch_seconds', 'Time from decoding a batch to its commit', BATCH_SECONDS),
    lag: metrics.gauge('outflow_consumer_lag_records', 'Records in the partition that have not been written yet', [
      'topic',
      'partition',
    ]),
  }
}

function position({ topic, partition, records }: Delivery): Record<string, unknown> {
  return { topic, partition, firstOffset: records.at(0)?.offset, count: records.length }
}

/** Each partition retries on its own, every few seconds: attempts 1, 2, 4, 8 and so on are logged. */
const retried =
  (write: (fields: object) => void) =>
  (delivery: Delivery, error: OutflowError, attempt: number, waitMs: number): void => {
    if (isPowerOfTwo(attempt)) write({ ...position(delivery), attempt, waitMs, error })
  }
