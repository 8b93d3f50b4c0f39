import { once } from 'node:events'
import type { Config, ModelMetadata } from '@outflow/contracts'
import { describeProvisional } from '@outflow/contracts/wording'
import { sameFeatures, withDetector } from '@outflow/detector'
import { fitFlow, openScorer, realNvpSpec } from '@outflow/flow'
import { makeDecoder, makeRegistry } from '@outflow/records'
import { FIX_OF_POOLER, isPooled, migrationStatus, type Pool, withTransaction } from '@outflow/store'
import { activeModel, listModels } from '@outflow/store/models'
import { noTrainerAndFix, trainerStatus, whyNoModel } from '@outflow/store/training'
import {
  describeCluster,
  describeTopics,
  type KafkaConnection,
  type KafkaRecord,
  requireCreation,
  requireGroup,
  requireTopicRights,
  requireTransactionalId,
  scanWindow,
  startOfLatest,
  type TopicOperation,
  TopicUnknown,
} from '@outflow/streams'
import { formatCount, formatCounted } from '@outflow/terminal'
import { placeOf } from '../../store-access.js'
import { type Check, CheckFailed, NotYetCreated } from './check.js'
import { countFields } from './field-counts.js'

interface DoctorContext {
  readonly config: Config
  /** Path of the configuration, for the commands that fix a problem. */
  readonly configPath: string
  readonly kafka: KafkaConnection
  readonly pool: Pool
}

/** Every check of an installation; a check comes after the one that it needs. */
export function checksOf(context: DoctorContext): readonly Check[] {
  return [
    broker(context),
    topics(context),
    access(context),
    ...registry(context),
    records(context),
    database(context),
    migrations(context),
    model(context),
    ...computing(),
  ]
}

const broker = ({ config, kafka }: DoctorContext): Check => ({
  name: 'broker',
  fix: 'start Kafka, or correct kafka.brokers',
  run: async () => {
    const { brokers, clusterId } = await describeCluster(kafka)
    return `${formatCounted(brokers, 'broker')} at ${config.kafka.brokers.join(', ')}, cluster ${clusterId}`
  },
})

const topics = ({ config, configPath, kafka }: DoctorContext): Check => ({
  name: 'topics',
  needs: 'broker',
  fix: 'allow the user to describe the topics',
  run: async () => {
    const { source } = config
    const names = [...source.topics, ...outputTopics(config)]
    const found = await describeTopics(kafka, names)
    const absent = names.filter((name) => !found.get(name))
    const unread = absent.filter((name) => source.topics.includes(name))
    if (unread.length > 0) {
      throw new CheckFailed(
        new TopicUnknown(unread).problem,
        `correct source.topics, or create each: kafka-topics.sh --bootstrap-server ${config.kafka.brokers[0]} --create --topic ${unread[0]}`,
      )
    }
    if (absent.length > 0) {
      throw new NotYetCreated(
        `${absent.join(', ')}: not there yet`,
        `outflow run all --config ${configPath}, or run alerts: alerts creates them`,
      )
    }
    return names.map((name) => `${name} (${found.get(name)})`).join(', ')
  },
})

const outputTopics = ({ alerts, deadLetters, events }: Config) => [
  ...[alerts.topic, deadLetters.topic],
  ...(events.topic === undefined ? [] : [events.topic]),
]

/** The permissions of docs/guides/security.md, except that to read a training window, which the check of the records requires. */
const access = ({ config, kafka }: DoctorContext): Check => ({
  name: 'access',
  needs: 'topics',
  fix: 'grant the user the permission',
  run: async () => {
    const { pipeline, source, alerts } = config
    const written = outputTopics(config)
    const rights = new Map<string, readonly TopicOperation[]>(source.topics.map((topic) => [topic, ['READ']]))
    for (const topic of written) rights.set(topic, topic === alerts.topic ? ['READ', 'WRITE'] : ['WRITE'])
    await requireTopicRights(kafka, rights)
    const found = await describeTopics(kafka, written)
    await requireCreation(
      kafka,
      written.filter((topic) => !found.get(topic)),
    )
    await requireGroup(kafka, `outflow-${pipeline}`)
    await requireGroup(kafka, `outflow-relay-${pipeline}`)
    await requireTransactionalId(kafka, `outflow-relay-${pipeline}`)
    return `reads ${source.topics.join(', ')}; writes ${written.join(', ')}`
  },
})

function registry({ config: { source } }: DoctorContext): readonly Check[] {
  const { registry } = source
  if (registry === undefined) return []
  return [
    {
      name: 'registry',
      fix: 'start the schema registry, or fix url, username and password under source.registry',
      run: async () => {
        // Any id: the check only requires that a registry answers this client.
        await makeRegistry(registry).schema(1)
        return `answers at ${registry.url}`
      },
    },
  ]
}

const RECORDS_FIX = 'retry when the topics and the registry answer'

const records = ({ config, kafka }: DoctorContext): Check => ({
  name: 'records',
  needs: 'topics',
  fix: RECORDS_FIX,
  run: async () => describeRead(await readLatest(config, kafka)),
})

/** @throws {CheckFailed} if too many records would be dead letters, or a field is in none */
export function describeRead(read: Awaited<ReturnType<typeof readLatest>>): string {
  const { records, deadLetters, undecodable, isFieldUnused, problems, isCutShort } = read
  const within = `${READ_WITHIN_MS / 1_000} s`
  if (records === 0 && isCutShort) throw new CheckFailed(`no record was read within ${within}`, RECORDS_FIX)
  if (records === 0) return 'the topics have no records yet'
  const detail = [
    `${formatCount(records)} read${isCutShort ? ` within ${within}, not all of the latest` : ''}, ${formatCount(deadLetters)} would be dead letters`,
    ...problems.slice(0, MAX_PROBLEMS),
    ...(problems.length > MAX_PROBLEMS ? [`and ${problems.length - MAX_PROBLEMS} more`] : []),
  ].join('; ')
  if (deadLetters <= DEAD_LETTER_SHARE * records && !isFieldUnused) return detail
  const fixes = [
    undecodable > 0 && 'correct source in the configuration, or the producer of the records that cannot be read',
    (undecodable < deadLetters || isFieldUnused) &&
      'correct the paths and types in the configuration, or the producer; set optional: true for a field that records may lack, as outflow init does',
  ]
  throw new CheckFailed(detail, fixes.filter(Boolean).join('; '))
}

const MAX_PROBLEMS = 5
/** The share from which a running pipeline may raise the health event `records_rejected`. */
const DEAD_LETTER_SHARE = 0.01
const MAX_RECORDS = 10_000
/** `startOfLatest` may return the start of a tenth more: within the limit, so that the newest records of every partition are read. */
const LATEST_RECORDS = 9_000
/** Leaves time to join a consumer group and to count, within the timeout of a check. */
const READ_WITHIN_MS = 8_000

/** Reads the latest records of the topics as ingest would. `isCutShort`: by the time that it may take, before the latest record. */
async function readLatest({ source, features }: Config, kafka: KafkaConnection) {
  const decoder = makeDecoder(source)
  const counts = countFields({ source, features })
  const fromMs = await startOfLatest(kafka, source.topics, LATEST_RECORDS)
  const limit = new AbortController()
  const { signal } = limit
  // Not by AbortSignal.any: in Node.js 20 it does not keep a timeout signal from the garbage collector.
  setTimeout(() => limit.abort(), READ_WITHIN_MS).unref()
  const ended = once(signal, 'abort')
  let read = 0
  const visit = async (records: readonly KafkaRecord[]) => {
    // The reader leaves its group only after this batch, and a registry may answer later than the check may take.
    await Promise.race([decoder.prepare(records), ended])
    if (signal.aborted) return
    for (const record of records.slice(0, MAX_RECORDS - read)) counts.add(record, decoder.decode(record.value))
    read += records.length
    if (read >= MAX_RECORDS) limit.abort()
  }
  const range = { topics: source.topics, fromMs, skipTombstones: source.tombstones === 'skip', signal }
  await scanWindow(kafka, range, visit).catch((thrown: unknown) => {
    if (!signal.aborted) throw thrown
  })
  return { ...counts.conclude(), isCutShort: signal.aborted && read < MAX_RECORDS }
}

const database = ({ config, pool }: DoctorContext): Check => ({
  name: 'database',
  fix: 'start Postgres, or correct postgres.url',
  run: async () => {
    const { rows } = await withTransaction(pool, (client) =>
      client.query<{ version: string; readOnly: string }>(
        `select current_setting('server_version') as version, current_setting('transaction_read_only') as "readOnly"`,
      ),
    )
    const { version, readOnly } = rows[0]!
    const server = `PostgreSQL ${version} at ${placeOf(config.postgres.url)}`
    if (readOnly !== 'off')
      throw new CheckFailed(`${server} is read-only`, 'set the address of the primary as postgres.url')
    if (!(await isPooled(config.postgres.url))) return server
    throw new CheckFailed(
      `${server} is behind a pooler, which keeps the session of a leader that crashed`,
      FIX_OF_POOLER,
    )
  },
})

const migrations = ({ configPath, pool }: DoctorContext): Check => ({
  name: 'migrations',
  needs: 'database',
  fix: 'allow the user to read the schema outflow',
  run: async () => {
    const { total, pending } = await migrationStatus(pool)
    if (pending > 0) {
      throw new CheckFailed(`${pending} of ${total} are not applied`, `outflow migrate --config ${configPath}`)
    }
    const { rows } = await withTransaction(pool, (client) =>
      client.query<{ owner: string; isOwner: boolean }>(
        `select pg_get_userbyid(relowner) as owner, pg_has_role(relowner, 'usage') as "isOwner"
         from pg_class where oid = 'outflow.anomalies'::regclass`,
      ),
    )
    const { owner, isOwner } = rows[0]!
    if (isOwner) return `all ${total} applied`
    throw new CheckFailed(
      `the tables belong to ${owner}, and only their owner adds the partitions of a new day`,
      `set ${owner} as the user of postgres.url`,
    )
  },
})

const model = ({ config, configPath, pool }: DoctorContext): Check => ({
  name: 'model',
  needs: 'migrations',
  fix: 'fit another: outflow retrain',
  run: async () => {
    const stored = await activeModel(pool, config.pipeline)
    if (!stored) {
      const trainer = await trainerStatus(pool, config.pipeline)
      const next = noTrainerAndFix(trainer) === null ? 'wait' : `outflow run all --config ${configPath}, or run trainer`
      throw new NotYetCreated(
        `pipeline ${config.pipeline} has none yet: ${whyNoModel(trainer)}`,
        `${next}: the trainer fits a model to ${formatCount(config.training.minRows)} good records or more, a provisional one to fewer`,
      )
    }
    return withDetector(stored.artefact, async ({ metadata }) => {
      if (!sameFeatures(metadata, config.features)) {
        throw new NotYetCreated(
          `${describeModel(metadata)}; records are read by its features, which are not those of the configuration`,
          await fixOfFeatures(),
        )
      }
      const state = describeProvisional(metadata, config)
      if (state !== null) throw new NotYetCreated(`${describeModel(metadata)}; ${state.what}`, state.next)
      return describeModel(metadata)
    })

    async function fixOfFeatures(): Promise<string> {
      const trainer = await trainerStatus(pool, config.pipeline)
      const isWorking = trainer.lastFit?.state === 'running' || trainer.waitingFor !== null
      if (noTrainerAndFix(trainer) === null && isWorking) return `wait: ${whyNoModel(trainer)}`
      const [newest] = await listModels(pool, config.pipeline)
      if (newest === undefined || !sameFeatures(newest.metadata, config.features))
        return `restart the trainer with ${configPath}: it fits a model to the new features`
      return `outflow retrain; the last model with them is ${newest.state}: outflow models show ${newest.id.slice(0, 8)}`
    }
  },
})

function describeModel({ modelId, createdAt, training }: ModelMetadata): string {
  return `${modelId}, fitted ${createdAt} to ${formatCount(training.rows)} records on ${training.backend}`
}

/** One small fit checks both: the fit runs in a child process, as in the trainer, and the scorer in this process. */
function computing(): readonly Check[] {
  let fitted: ReturnType<typeof fitFlow> | undefined
  const fit = () => {
    fitted ??= fitFlow(aSmallTable(), { spec: realNvpSpec(2), seed: 1, noise: new Float32Array(2), maxSteps: 2 })
    return fitted
  }
  return [
    {
      name: 'backend',
      fix: 'repeat it if the machine is busy; else npm ci: node_modules is incomplete',
      run: async () => {
        const { report } = await fit()
        return `${report.backend} ${report.backendVersion} fits`
      },
    },
    {
      name: 'engine',
      fix: 'repeat it if the machine is busy; else npm ci: the package onnxruntime-node is incomplete, or has no build for this machine',
      run: async () => {
        const scorer = await openScorer((await fit()).flow)
        const [nll] = await scorer.nll(Float32Array.of(0, 0), new Float32Array(), 1)
        await scorer.close()
        if (!Number.isFinite(nll)) throw new CheckFailed(`${scorer.engine} gives ${nll}`, 'npm ci')
        return `${scorer.engine} scores`
      },
    },
  ]
}

/** Forty rows on a circle: neither constant nor random. */
function aSmallTable() {
  const rows = Float32Array.from({ length: 80 }, (_, at) => (at % 2 ? Math.sin(at) : Math.cos(at + 1)))
  return { rows, context: new Float32Array() }
}
