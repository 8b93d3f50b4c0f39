import type { Feature } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import { openPool } from '@outflow/store'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { onTestFinished } from 'vitest'
import { aConfigFile } from './config-file.js'
import { countsOf } from './counts.js'
import { eventually } from './eventually.js'
import { type Feed, type FeedOptions, startFeed } from './feed.js'
import { aDatabase, aName, kafkaBrokers } from './infrastructure.js'
import { withAdmin } from './kafkajs.js'
import { PARCEL_ALERT_RATE, PARCEL_FEATURES, PARCEL_MODEL, parcelMessages } from './parcels.js'
import { storeActive, storeCandidate } from './stored-model.js'
import { type MessageToSend, sendMessages } from './topic-writer.js'

/** A pipeline for one test: its topics, its database and its configuration. */
export type ParcelPipeline = Awaited<ReturnType<typeof aParcelPipeline>>

/** Other keys are those of outflow.yaml, and replace the defaults. */
interface ParcelPipelineOptions {
  /** The active model at the start; default: there is none. */
  readonly model?: TrainedDetector
  /** Default: the Kafka of the run. */
  readonly brokers?: readonly string[]
  /** URL of a migrated database; default: a new one on the Postgres of the run. */
  readonly databaseUrl?: string
  /** How the services connect to both; default: like the test. */
  readonly kafka?: object
  readonly postgres?: object
  /** Default: its own topic, as JSON. */
  readonly source?: object
  readonly features?: readonly Feature[]
  readonly detection?: object
  readonly training?: object
}

/** Partitions of the source topic; ingest processes as many batches at once. */
export const PARTITIONS = 3

export async function aParcelPipeline(options: ParcelPipelineOptions = {}) {
  const { model, brokers, databaseUrl, source, ...parts } = options
  const name = aName('parcels')
  const topics = { source: name, alerts: `${name}.alerts`, deadLetters: `${name}.dead` }
  const target = { brokers: brokers ?? kafkaBrokers(), url: databaseUrl ?? (await aDatabase()) }
  const configFile = await aConfigFile({
    pipeline: name,
    kafka: { brokers: target.brokers },
    postgres: { url: target.url },
    source: { topics: [topics.source], tombstones: 'reject', ...source },
    features: PARCEL_FEATURES,
    model: PARCEL_MODEL,
    training: { niceness: 0 },
    // Only the model determines what is expected for a record.
    detection: { alertRate: PARCEL_ALERT_RATE, recalibrateWithin: 1 },
    alerts: { topic: topics.alerts },
    deadLetters: { topic: topics.deadLetters },
    http: { ports: { ingest: 0, alerts: 0, trainer: 0, console: 0, all: 0 } },
    log: { level: 'debug' },
    ...parts,
  })
  await ensureTopics(makeKafka({ ...target, clientId: 'test' }), [{ topic: topics.source, partitions: PARTITIONS }])
  const pool = openPool(target.url, { applicationName: 'test', max: 4 })
  onTestFinished(async () => {
    await pool.end()
    if (brokers === undefined) await deleteTopics(target.brokers, Object.values(topics))
  })

  if (model !== undefined) await storeActive(pool, name, model)
  const stored = async () => (await countsOf(pool, name)).received
  const untilStored = async (count: number) => {
    await eventually(async () => (await stored()) >= count, { what: `${count} records are stored` })
  }
  return {
    name,
    brokers: target.brokers,
    topics,
    pool,
    configFile,
    store: async (candidate: TrainedDetector) => void (await storeCandidate(pool, name, candidate)),
    promote: (next: TrainedDetector) => storeActive(pool, name, next),
    send: (messages: readonly MessageToSend[]) => sendMessages(target.brokers, topics.source, messages),
    /** Number of records that have been counted. */
    stored,
    untilStored,
    untilStoredMore: async (count: number) => untilStored((await stored()) + count),
    /** Starts a producer that runs until it is stopped; by default it keeps ahead of ingest. */
    feed: (seed: number, pace: Pick<FeedOptions, 'perSecond'> = {}): Feed => {
      const messages = parcelMessages(seed)
      const feed = startFeed({ brokers: target.brokers, topic: topics.source, messages, stored, ...pace })
      onTestFinished(() => feed.stop().catch(() => {}))
      return feed
    },
  }
}

async function deleteTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const present = new Set(await admin.listTopics())
    await admin.deleteTopics({ topics: topics.filter((topic) => present.has(topic)) })
  })
}
