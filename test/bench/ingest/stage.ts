import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '@outflow/contracts'
import { type TrainedDetector, trainDetector } from '@outflow/detector'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate, openPool } from '@outflow/store'
import { outboxDepth } from '@outflow/store/outbox'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { countsOf } from '../../support/counts.js'
import { storeActive } from '../../support/stored-model.js'
import { featuresOf, PARTITIONS, trainingRecords } from './events.js'
import { startPeer } from './peer.js'
import type { Running } from './running.js'

const ALERT_RATE = 0.001
const MODEL = configSchema.shape.model.parse({})

export interface Pipeline extends Omit<Running, 'startedAtMs' | 'processes' | 'stop'> {
  readonly configFile: string
}

/** Opens a broker, a database and a folder for one bench. */
export async function openStage() {
  const infrastructure = await launchInfrastructure({ onProgress: console.error })
  const { kafka, postgres } = infrastructure
  await migrate(postgres.url)
  const pool = openPool(postgres.url, { max: 2, applicationName: 'bench' })
  const folder = await mkdtemp(join(tmpdir(), 'outflow-bench-'))
  const admin = makeKafka({ brokers: kafka.brokers, clientId: 'bench' })
  return {
    brokers: kafka.brokers,
    description: `${kafka.description}; ${postgres.description}`,
    topic: async (): Promise<string> => {
      const topic = aName()
      await ensureTopics(admin, [{ topic, partitions: PARTITIONS }])
      return topic
    },
    /** Makes a pipeline that reads the topic from its beginning, with the model active. */
    pipeline: async (topic: string, model: TrainedDetector): Promise<Pipeline> => {
      const name = aName()
      const alertsTopic = `${name}.alerts`
      await ensureTopics(admin, [{ topic: alertsTopic, partitions: 1 }])
      const configFile = join(folder, `${name}.yaml`) // JSON is YAML
      await writeFile(
        configFile,
        JSON.stringify({
          pipeline: name,
          kafka: { brokers: kafka.brokers },
          postgres: { url: postgres.url },
          source: { topics: [topic] },
          features: model.metadata.features,
          model: MODEL,
          detection: { alertRate: ALERT_RATE },
          alerts: { topic: alertsTopic },
          deadLetters: { topic: `${name}.dead` },
          http: { ports: { ingest: 0, alerts: 0 } },
          log: { level: 'info' },
        }),
      )
      await storeActive(pool, name, model)
      return {
        configFile,
        alertsTopic,
        stored: async () => (await countsOf(pool, name)).received,
        anomalies: async () => (await countsOf(pool, name)).anomalies,
        unsent: () => outboxDepth(pool, name),
      }
    },
    peer: async (python: string, topic: string, model: TrainedDetector): Promise<Running> => {
      const name = aName()
      const alertsTopic = `${name}.alerts`
      await ensureTopics(admin, [{ topic: alertsTopic, partitions: 1 }])
      return startPeer({
        ...{ python, pool, folder, name, topic, alertsTopic, model },
        ...{ brokers: kafka.brokers, postgresUrl: postgres.url },
      })
    },
    close: async () => {
      await pool.end()
      await rm(folder, { recursive: true })
      await infrastructure.stop()
    },
  }
}

/** Model S, or a model of the same size with another number of fields. */
export function fitModel(fields: number): Promise<TrainedDetector> {
  return trainDetector({
    features: featuresOf(fields),
    records: trainingRecords(TRAINED_ON, fields),
    model: MODEL,
    training: { contamination: 0, seed: 1 },
    alertRate: ALERT_RATE,
  })
}

// Enough steps to fit a tail in half a minute; accuracy is not measured here.
const TRAINED_ON = 4_000

const aName = () => `bench-${randomBytes(5).toString('hex')}`
