import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '@outflow/contracts'
import { openBackend } from '@outflow/flow'
import { type Infrastructure, launchInfrastructure } from '@outflow/launcher'
import { loadConfig } from '@outflow/runtime'
import { migrate, openPool, withClient } from '@outflow/store'
import { ensureTopics, makeKafka, makeProducer, removeTopics } from '@outflow/streams'
import { formatCounted, type Terminal } from '@outflow/terminal'
import { stringify } from 'yaml'
import type { Defer } from './clean-up.js'
import { demoConfig } from './config.js'
import { openLogFile } from './log-file.js'

/** Broker, database and files of the demo. All of it is removed when the demo ends. */
export type Installation = Awaited<ReturnType<typeof install>>

/** Starts or finds broker and database, prints their versions, applies the migrations and creates the topics. */
export async function install(terminal: Terminal, signal: AbortSignal, defer: Defer) {
  const infrastructure = await launchInfrastructure({ onProgress: terminal.say, signal })
  defer(() => infrastructure.stop())
  const versions = await printVersions(infrastructure, terminal)

  const configPath = join(infrastructure.folder, 'outflow.yaml')
  const isLaunched = infrastructure.kafka.tier !== 'given'
  const servers = {
    brokers: infrastructure.kafka.brokers,
    databaseUrl: await databaseFor(infrastructure, defer),
    suffix: isLaunched ? '' : `-demo-${randomBytes(3).toString('hex')}`,
  }
  await writeFile(configPath, stringify(demoConfig(servers)), { mode: 0o600 })
  const config = await loadConfig(configPath)

  const migrations = await migrate(config.postgres.url)
  const kafka = makeKafka(config.kafka)
  await ensureTopics(
    kafka,
    topicsOf(config).map((topic) => ({
      topic,
      partitions: config.source.topics.includes(topic) ? FLIGHT_PARTITIONS : 1,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    })),
  )
  if (!isLaunched) defer(() => removeTopics(kafka, { topics: topicsOf(config), groupsOf: config.pipeline }))
  terminal.say(
    `${formatCounted(migrations.length, 'migration')} applied; topics ${topicsOf(config).join(', ')} created`,
  )

  const producer = await makeProducer(kafka)
  defer(producer.close)
  const pool = openPool(config.postgres.url, { applicationName: 'outflow demo' })
  defer(() => pool.end())
  const logPath = join(infrastructure.folder, 'outflow.log')
  const failure = new AbortController()
  const fail = (error: unknown): void => failure.abort(error)
  const { close, ...log } = openLogFile(logPath, fail)
  defer(close)
  return {
    ...{ terminal, config, configPath, databaseUrl: servers.databaseUrl, logPath, ...log, kafka, producer, pool },
    ...{ versions, fail },
    /** Aborts when the demo is ended, or when a part of it has failed. */
    signal: AbortSignal.any([signal, failure.signal]),
  }
}

async function printVersions({ kafka, postgres }: Infrastructure, { say }: Terminal) {
  const { name, version } = await openBackend()
  const versions = {
    broker: kafka.description,
    database: postgres.description,
    backend: `TensorFlow.js ${name} ${version}`,
  }
  say(`broker    ${versions.broker}`)
  say(`database  ${versions.database}`)
  say(`backend   ${versions.backend} fits, ONNX Runtime scores`)
  return versions
}

/** On a server that the user provides, the demo creates a database and drops it at the end. */
export async function databaseFor({ postgres }: Pick<Infrastructure, 'postgres'>, defer: Defer): Promise<string> {
  if (postgres.tier !== 'given') return postgres.url
  const name = `outflow_demo_${randomBytes(4).toString('hex')}`
  const server = openPool(postgres.url, { max: 1, applicationName: 'outflow demo' })
  defer(() => server.end())
  // Not from template1, whose encoding may be another one.
  const create = `create database ${name} encoding 'UTF8' locale 'C' template template0`
  await withClient(server, (client) => client.query(create))
  defer(() => server.query(`drop database ${name} with (force)`))
  const url = new URL(postgres.url)
  url.pathname = `/${name}`
  return url.href
}

const topicsOf = ({ source, alerts, deadLetters }: Config): readonly string[] => [
  ...source.topics,
  alerts.topic,
  deadLetters.topic,
]

/** The topic of flights must accept the 2 MB body, and that of dead letters the whole of it as well. */
const MAX_MESSAGE_BYTES = 4 * 1024 ** 2
const FLIGHT_PARTITIONS = 4
