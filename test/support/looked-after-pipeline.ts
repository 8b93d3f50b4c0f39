import type { FitReport, RejectionReason } from '@outflow/contracts'
import { openPool } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import { openHealthEvents } from '@outflow/store/health-events'
import type { MinuteScores } from '@outflow/store/statistics'
import { endFit, startFit } from '@outflow/store/training'
import { makeKafka } from '@outflow/streams'
import { onTestFinished, vi } from 'vitest'
import { makeHealthCheck } from '../../services/alerts/src/health-events/health-watch.js'
import { anAnomaly } from './an-anomaly.js'
import { beginPartition } from './begin-partition.js'
import { configWith } from './config-with.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from './infrastructure.js'
import { PARCEL_FEATURES } from './parcels.js'
import { aFitReport, aModelMetadata } from './reports.js'
import { storeActive } from './stored-model.js'
import { sendMessages } from './topic-writer.js'

/**
 * A pipeline whose health is checked on demand, by a clock that the test moves.
 *
 * @param alsoRead  source topics besides its own
 */
export async function aLookedAfterPipeline(alsoRead: readonly string[] = []) {
  const name = aName('operated')
  const topic = await aTopic()
  const config = configWith({
    pipeline: name,
    kafka: { brokers: kafkaBrokers() },
    postgres: { url: await aDatabase() },
    source: { topics: [topic, ...alsoRead] },
    features: PARCEL_FEATURES,
    alerts: { topic: aName('alerts') },
    deadLetters: { topic: aName('dead') },
    events: { topic: aName('events') },
  })
  const pool = openPool(config.postgres.url)
  onTestFinished(() => pool.end())
  let now = Date.now()
  const watching = {
    config,
    pool,
    kafka: makeKafka({ brokers: kafkaBrokers(), clientId: 'test' }),
    telemetry: { healthEventReported: vi.fn(), openHealthEvents: vi.fn(), healthNotChecked: vi.fn() },
    now: () => now,
  }
  return {
    config,
    pool,
    checkHealth: makeHealthCheck(watching),
    another: () => makeHealthCheck(watching),
    openKinds: async () => (await openHealthEvents(pool, name)).map(({ kind }) => kind).toSorted(),
    pass: (ms: number) => {
      now += ms
    },
    promote: (id: string) =>
      storeActive(pool, name, { artefact: Buffer.from(id), metadata: aModelMetadata({ modelId: id }) }),
    send: (count: number) => sendMessages(kafkaBrokers(), topic, Array(count).fill({ key: null, value: '{}' })),
    begin: () => beginPartition(pool, { pipeline: name, topic }),
    /** Stores a batch as ingest does. @param scores  of the batch's minute */
    store: (from: bigint, to: bigint, scores: readonly MinuteScores[] = []) =>
      writeBatch(pool, {
        ...{ pipeline: name, topic, partition: 0, expectedOffset: from, nextOffset: to },
        ...{ received: Number(to - from), scored: Number(to - from) },
        ...{ deadLetters: [], outbox: [], scores },
        anomalies: scores.flatMap(({ anomalies, modelId, minuteMs }) =>
          Array.from({ length: anomalies }, (_, index) =>
            anAnomaly(from + BigInt(index), { recordTimeMs: minuteMs, eventTimeMs: minuteMs, modelId }),
          ),
        ),
      }),
    /** Stores a batch of rejected records as ingest does. */
    reject: async (
      from: bigint,
      to: bigint,
      reason: RejectionReason = 'missing_field',
      detail = '$.grams is missing',
    ) => {
      const offsets = Array.from({ length: Number(to - from) }, (_, index) => from + BigInt(index))
      await writeBatch(pool, {
        ...{ pipeline: name, topic, partition: 0, expectedOffset: from, nextOffset: to },
        ...{ received: offsets.length, scored: 0, anomalies: [], outbox: [], scores: [] },
        deadLetters: offsets.map((offset) => ({
          ...{ offset, reason, detail },
          ...{ key: null, value: Buffer.from('{}'), recordTimeMs: now },
        })),
      })
    },
    /** Stores the report of a fit as a trainer does. */
    fitted: async (modelId: string, state: 'known' | 'failed_gate', report: Partial<FitReport>) => {
      const id = await startFit(pool, {
        pipeline: name,
        because: 'schedule',
        incumbentId: 'first',
        report: aFitReport(),
      })
      await endFit(pool, { id, modelId, state, report: aFitReport(report) })
    },
  }
}
