import type { Config, ModelMetadata } from '@outflow/contracts'
import { type FlowState, fitFlow, openScorer, realNvpSpec } from '@outflow/flow'
import { makeDecoder, makeRegistry } from '@outflow/records'
import { migrationStatus, type Pool, postgresCheck } from '@outflow/store'
import { activeModel } from '@outflow/store/models'
import { trainerStatus, whyNoModel } from '@outflow/store/training'
import {
  describeCluster,
  describeTopics,
  type KafkaConnection,
  type KafkaRecord,
  scanWindow,
  startOfLatest,
} from '@outflow/streams'
import { formatCount } from '@outflow/terminal'
import { withDetector } from '../../model-file.js'
import { placeOf } from '../../store-access.js'

import { type Check, NotYet, Shortfall } from './check.js'
import { countFields, type FieldFindings } from './field-counts.js'

interface Patient {
  readonly config: Config
  /** How the configuration was named, for the commands that fix. */
  readonly configPath: string
  readonly kafka: KafkaConnection
  readonly pool: Pool
}

/** Every check of an installation, in the order in which one leans on another. */
export function checksOf(patient: Patient): readonly Check[] {
  return [
    broker(patient),
    topics(patient),
    ...registry(patient),
    records(patient),
    database(patient),
    migrations(patient),
    model(patient),
    ...computing(),
  ]
}

const broker = ({ config, kafka }: Patient): Check => ({
  name: 'broker',
  fix: 'start Kafka, or set its address as kafka.brokers',
  look: async () => {
    const { brokers, clusterId } = await describeCluster(kafka)
    return `${brokers === 1 ? '1 broker' : `${brokers} brokers`} at ${config.kafka.brokers.join(', ')}, cluster ${clusterId}`
  },
})

const topics = ({ config, configPath, kafka }: Patient): Check => ({
  name: 'topics',
  needs: 'broker',
  fix: 'allow the user to describe the topics',
  look: async () => {
    const names = [...config.source.topics, config.alerts.topic, config.deadLetters.topic]
    const found = await describeTopics(kafka, names)
    const absent = names.filter((name) => !found.get(name))
    const unread = absent.filter((name) => config.source.topics.includes(name))
    if (unread.length > 0) {
      throw new Shortfall(
        `${unread.join(', ')}: no such topic`,
        `create each: kafka-topics.sh --bootstrap-server ${config.kafka.brokers[0]} --create --topic ${unread[0]}`,
      )
    }
    if (absent.length > 0) {
      throw new NotYet(`${absent.join(', ')}: not there yet`, `outflow run alerts --config ${configPath} creates them`)
    }
    return names.map((name) => `${name} (${found.get(name)})`).join(', ')
  },
})

function registry({ config: { source } }: Patient): readonly Check[] {
  const { registry } = source
  if (registry === undefined) return []
  return [
    {
      name: 'registry',
      fix: 'start the schema registry, or fix url, username and password under source.registry',
      look: async () => {
        // Any id does: what is asked is whether a registry answers this client.
        await makeRegistry(registry).schema(1)
        return `answers at ${registry.url}`
      },
    },
  ]
}

const records = ({ config, kafka }: Patient): Check => ({
  name: 'records',
  needs: 'broker',
  fix: 'retry when the topics and the registry answer',
  look: async () => {
    const { records, deadLetters, isFieldUnused, problems } = await readLatest(config, kafka)
    if (records === 0) return 'the topics have no records yet'
    const detail = [
      `${formatCount(records)} read, ${formatCount(deadLetters)} would be dead letters`,
      ...problems.slice(0, MOST_PROBLEMS),
      ...(problems.length > MOST_PROBLEMS ? [`and ${problems.length - MOST_PROBLEMS} more`] : []),
    ].join('; ')
    if (deadLetters <= DEAD_LETTER_SHARE * records && !isFieldUnused) return detail
    throw new Shortfall(
      detail,
      'correct the paths and types in the configuration; set optional: true for a field that records may lack',
    )
  },
})

const MOST_PROBLEMS = 5
/** The share from which a running pipeline may raise the health event `records_rejected`. */
const DEAD_LETTER_SHARE = 0.01
const MOST_RECORDS = 10_000
/** Leaves time to join a group and to count, within what a check may take. */
const READ_WITHIN_MS = 8_000

/** Reads the latest records of the topics as ingest would. */
async function readLatest({ source, features }: Config, kafka: KafkaConnection): Promise<FieldFindings> {
  const decoder = makeDecoder(source)
  const counts = countFields({ source, features })
  const fromMs = await startOfLatest(kafka, source.topics, MOST_RECORDS)
  const enough = new AbortController()
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(READ_WITHIN_MS)])
  let read = 0
  const visit = async (records: readonly KafkaRecord[]) => {
    await decoder.prepare(records)
    for (const record of records.slice(0, MOST_RECORDS - read)) counts.add(record, decoder.decode(record.value))
    read += records.length
    if (read >= MOST_RECORDS) enough.abort()
  }
  const range = { topics: source.topics, fromMs, skipTombstones: source.tombstones === 'skip', signal }
  await scanWindow(kafka, range, visit).catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown
  })
  return counts.conclude()
}

const database = ({ config, pool }: Patient): Check => ({
  name: 'database',
  fix: 'start Postgres, or set postgres.url',
  look: async () => {
    await postgresCheck(pool)
    const { rows } = await pool.query<{ server_version: string }>('show server_version')
    return `PostgreSQL ${rows[0]!.server_version} at ${placeOf(config.postgres.url)}`
  },
})

const migrations = ({ config, configPath }: Patient): Check => ({
  name: 'migrations',
  needs: 'database',
  fix: 'allow the user to read the schema outflow',
  look: async () => {
    const states = await migrationStatus(config.postgres.url)
    const pending = states.filter(({ appliedAt }) => appliedAt === null)
    if (pending.length > 0) {
      throw new Shortfall(
        `${pending.length} of ${states.length} are not applied`,
        `outflow migrate --config ${configPath}`,
      )
    }
    return `all ${states.length} applied`
  },
})

const model = ({ config, configPath, pool }: Patient): Check => ({
  name: 'model',
  needs: 'migrations',
  fix: 'fit another: outflow retrain',
  look: async () => {
    const stored = await activeModel(pool, config.pipeline)
    if (!stored) {
      const why = whyNoModel(await trainerStatus(pool, config.pipeline))
      throw new NotYet(
        `pipeline ${config.pipeline} has none yet: ${why}`,
        `keep outflow run trainer --config ${configPath} running until at least ${formatCount(config.training.minRows)} good records are in the topics`,
      )
    }
    return withDetector(stored.artefact, async ({ metadata }) => describeModel(metadata))
  },
})

function describeModel({ modelId, createdAt, training }: ModelMetadata): string {
  return `${modelId}, fitted ${createdAt} to ${formatCount(training.rows)} records on ${training.backend}`
}

/** One small fit tries both: what fits runs in a process of its own, as in the trainer, and what scores runs here. */
function computing(): readonly Check[] {
  let fitted: Promise<FlowState> | undefined
  const fit = async () => {
    const { flow, report } = await fitFlow(aSmallTable(), {
      spec: realNvpSpec(2),
      seed: 1,
      noise: NO_NOISE,
      maxSteps: 2,
    })
    return { flow, report }
  }
  return [
    {
      name: 'backend',
      fix: 'npm run setup:tensorflow, or npm ci if node_modules is incomplete',
      look: async () => {
        const fitting = fit()
        fitted = fitting.then(({ flow }) => flow)
        const { report } = await fitting
        const hint = report.backend === 'wasm' ? '; npm run setup:tensorflow installs tfjs-node' : ''
        return `${report.backend} ${report.backendVersion} fits${hint}`
      },
    },
    {
      name: 'engine',
      fix: 'npm ci: the package onnxruntime-node is incomplete, or has no build for this machine',
      look: async () => {
        const scorer = await openScorer(await (fitted ?? fit().then(({ flow }) => flow)))
        const [nll] = await scorer.nll(Float32Array.of(0, 0), new Float32Array(), 1)
        await scorer.close()
        if (!Number.isFinite(nll)) throw new Shortfall(`${scorer.engine} gives ${nll}`, 'npm ci')
        return `${scorer.engine} scores`
      },
    },
  ]
}

const NO_NOISE = new Float32Array(2)

/** Forty rows on a circle: neither constant nor random. */
function aSmallTable() {
  const rows = Float32Array.from({ length: 80 }, (_, at) => (at % 2 ? Math.sin(at) : Math.cos(at + 1)))
  return { rows, context: new Float32Array() }
}
