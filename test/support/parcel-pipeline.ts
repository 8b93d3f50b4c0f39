import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Feature } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import { openPool, type Pool } from '@outflow/store'
import { insertModel, promoteModel } from '@outflow/store/models'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { Kafka, logLevel } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { eventually } from './eventually.js'
import { type Feed, type FeedOptions, startFeed } from './feed.js'
import { aDatabase, aName, kafkaBrokers } from './infrastructure.js'
import { PARCEL_ALERT_RATE, PARCEL_FEATURES, PARCEL_MODEL, parcelMessages } from './parcels.js'
import { aGateReport } from './reports.js'

/** A pipeline of a test's own: its topics, its database and its configuration. */
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
  /** How many records have been counted. */
  stored(): Promise<number>
  /** Waits until so many more have been. */
  untilStoredMore(count: number): Promise<void>
  /** Starts a producer that goes on until it is stopped; by default it keeps ahead of ingest. */
  feed(seed: number, pace?: Pick<FeedOptions, 'perSecond'>): Feed
}

export interface ParcelPipelineOptions {
  /** Is the active one from the start; default: there is none. */
  readonly model?: TrainedDetector
  /** Default: `PARCEL_FEATURES`. */
  readonly features?: readonly Feature[]
  /** Default: the run's. */
  readonly brokers?: readonly string[]
  /** Of a migrated database; default: one of its own on the run's Postgres. */
  readonly databaseUrl?: string
  /** How the services reach both; default: as the test does. */
  readonly access?: { readonly kafka: object; readonly postgres: object }
  /** As in outflow.yaml; default: `PARCEL_ALERT_RATE`, and p-values by the model alone. */
  readonly detection?: Readonly<Record<string, unknown>>
  /** As in outflow.yaml; default: the defaults. */
  readonly training?: Readonly<Record<string, unknown>>
}

/** Of the source topic; ingest has as many in flight at once. */
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
    // What is due for a record follows from its model alone.
    detection: { alertRate: PARCEL_ALERT_RATE, recalibrateWithin: 1 },
    alerts: { topic: topics.alerts },
    deadLetters: { topic: topics.deadLetters },
    http: { ports: { ingest: 0, alerts: 0, trainer: 0, console: 0, all: 0 } },
    log: { level: 'debug' },
  }
}

async function deleteTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'test', logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const present = new Set(await admin.listTopics())
  await admin.deleteTopics({ topics: topics.filter((topic) => present.has(topic)) })
  await admin.disconnect()
}
