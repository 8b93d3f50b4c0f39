import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Feature } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import { openPool, type Pool } from '@outflow/store'
import { insertModel, promoteModel } from '@outflow/store/models'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { onTestFinished } from 'vitest'
import { eventually } from './eventually.js'
import { type Feed, type FeedOptions, startFeed } from './feed.js'
import { aDatabase, aName, kafkaBrokers } from './infrastructure.js'
import { withAdmin } from './kafkajs.js'
import { PARCEL_ALERT_RATE, PARCEL_FEATURES, PARCEL_MODEL, parcelMessages } from './parcels.js'
import { aGateReport } from './reports.js'

/** A pipeline for one test: its topics, its database and its configuration. */
export interface ParcelPipeline {
  readonly name: string
  readonly brokers: readonly string[]
  readonly topics: { readonly source: string; readonly alerts: string; readonly deadLetters: string }
  readonly pool: Pool
  readonly configFile: string
  /** Stores a model as a candidate. */
  store(model: TrainedDetector): Promise<void>
  /** Makes a model the active one. */
  promote(model: TrainedDetector): Promise<void>
  /** Number of records that have been counted. */
  stored(): Promise<number>
  /** Waits until this number of further records has been counted. */
  untilStoredMore(count: number): Promise<void>
  /** Starts a producer that runs until it is stopped; by default it keeps ahead of ingest. */
  feed(seed: number, pace?: Pick<FeedOptions, 'perSecond'>): Feed
}

interface ParcelPipelineOptions {
  /** The active model at the start; default: there is none. */
  readonly model?: TrainedDetector
  /** Default: `PARCEL_FEATURES`. */
  readonly features?: readonly Feature[]
  /** Default: the Kafka of the run. */
  readonly brokers?: readonly string[]
  /** URL of a migrated database; default: a new one on the Postgres of the run. */
  readonly databaseUrl?: string
  /** How the services connect to both; default: like the test. */
  readonly access?: { readonly kafka: object; readonly postgres: object }
  /** As in outflow.yaml; default: `PARCEL_ALERT_RATE`, without recalibration. */
  readonly detection?: Readonly<Record<string, unknown>>
  /** As in outflow.yaml; default: the defaults. */
  readonly training?: Readonly<Record<string, unknown>>
}

/** Partitions of the source topic; ingest processes as many batches at once. */
export const PARTITIONS = 3

export async function aParcelPipeline(options: ParcelPipelineOptions = {}): Promise<ParcelPipeline> {
  const {
    model,
    brokers,
    databaseUrl,
    features = PARCEL_FEATURES,
    access,
    training = { niceness: 0 },
    detection,
  } = options
  const name = aName('parcels')
  const topics = { source: name, alerts: `${name}.alerts`, deadLetters: `${name}.dead` }
  const target = { brokers: brokers ?? kafkaBrokers(), url: databaseUrl ?? (await aDatabase()) }
  const folder = await mkdtemp(join(tmpdir(), 'outflow-parcels-'))
  const configFile = join(folder, 'outflow.yaml') // JSON is YAML
  await writeFile(
    configFile,
    JSON.stringify({
      ...configurationOf(name, features, topics, target),
      ...access,
      training,
      ...(detection && { detection }),
    }),
  )
  await ensureTopics(makeKafka({ ...target, clientId: 'test' }), [{ topic: topics.source, partitions: PARTITIONS }])
  const pool = openPool(target.url, { applicationName: 'test', max: 4 })
  onTestFinished(async () => {
    await pool.end()
    await rm(folder, { recursive: true })
    if (brokers === undefined) await deleteTopics(target.brokers, Object.values(topics))
  })

  const store = async ({ artefact, metadata }: TrainedDetector) => {
    const id = metadata.modelId
    await insertModel(pool, { pipeline: name, id, artefact, metadata, metrics: aGateReport(), parentId: null })
  }
  const promote = async (model: TrainedDetector) => {
    await store(model)
    await promoteModel(pool, { pipeline: name, id: model.metadata.modelId, by: 'test', why: 'asked to' })
  }
  if (model !== undefined) await promote(model)
  const stored = async () => {
    const { rows } = await pool.query('select coalesce(sum(next_offset), 0)::int as stored from outflow.offsets')
    return (rows[0] as { readonly stored: number }).stored
  }
  return {
    name,
    brokers: target.brokers,
    topics,
    pool,
    configFile,
    store,
    promote,
    stored,
    untilStoredMore: async (count) => {
      const goal = (await stored()) + count
      await eventually(async () => (await stored()) >= goal, { what: `${goal} records are stored` })
    },
    feed: (seed, pace = {}) => {
      const messages = parcelMessages(seed)
      const feed = startFeed({ brokers: target.brokers, topic: topics.source, messages, stored, ...pace })
      onTestFinished(() => feed.stop().catch(() => {}))
      return feed
    },
  }
}

function configurationOf(
  name: string,
  features: readonly Feature[],
  topics: ParcelPipeline['topics'],
  { brokers, url }: { readonly brokers: readonly string[]; readonly url: string },
): object {
  return {
    pipeline: name,
    kafka: { brokers },
    postgres: { url },
    source: { topics: [topics.source], tombstones: 'reject' },
    features,
    model: PARCEL_MODEL,
    // Only the model determines what is expected for a record.
    detection: { alertRate: PARCEL_ALERT_RATE, recalibrateWithin: 1 },
    alerts: { topic: topics.alerts },
    deadLetters: { topic: topics.deadLetters },
    http: { ports: { ingest: 0, alerts: 0, trainer: 0, console: 0, all: 0 } },
    log: { level: 'debug' },
  }
}

async function deleteTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const present = new Set(await admin.listTopics())
    await admin.deleteTopics({ topics: topics.filter((topic) => present.has(topic)) })
  })
}
