import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@outflow/store'
import { createTopics } from '@outflow/streams'
import type { Admin } from 'kafkajs'
import type pg from 'pg'
import { afterAll, inject } from 'vitest'
import { plainKafka } from './kafkajs.js'
import { urlOfDatabase, withClient } from './postgres-client.js'

/** Everything that a test file creates through these builders is removed at its end. */
const cleanUps: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

export const kafkaBrokers = (): readonly string[] => inject('kafkaBrokers')

/** Returns the URL of a new database with every migration applied, or empty, dropped when the test file is done. */
export async function aDatabase({ isEmpty = false } = {}): Promise<string> {
  const template = isEmpty ? 'template1' : inject('databaseTemplate')
  const name = `outflow_test_${randomBytes(6).toString('hex')}`
  await asAdmin(async (admin) => {
    if (!isEmpty) await makeTemplateOnce(admin, template)
    await admin.query(`create database ${name} template ${template}`)
  })
  cleanUps.push(() => asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`)))
  return urlOfDatabase(inject('postgresUrl'), name)
}

interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number
  /** Such as `compression.type`; default: the broker's. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Returns the name of a new topic, deleted when the test file is done. It keeps records of any age: with the default settings, the broker
 * deletes those older than a week at any moment.
 */
export async function aTopic({ partitions = 1, settings = {} }: TopicOptions = {}): Promise<string> {
  const topic = aName('topic')
  const admin = await kafkaAdmin()
  await createTopics(admin, [
    {
      topic,
      numPartitions: partitions,
      replicationFactor: 1,
      configEntries: Object.entries({ 'retention.ms': '-1', ...settings }).map(([name, value]) => ({ name, value })),
    },
  ])
  cleanUps.push(() => admin.deleteTopics({ topics: [topic] }))
  return topic
}

/** Returns the path of a new folder, removed when the test file is done. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-test-'))
  cleanUps.push(() => rm(folder, { recursive: true }))
  return folder
}

export const aGroup = (): string => aName('group')

/** Returns a name that is unique in the run, e.g. of a topic that the program under test creates itself. */
export const aName = (what: string): string => `test-${what}-${randomBytes(6).toString('hex')}`

let connecting: Promise<Admin> | undefined

function kafkaAdmin(): Promise<Admin> {
  connecting ??= connectAdmin()
  return connecting
}

async function connectAdmin(): Promise<Admin> {
  const admin = plainKafka(kafkaBrokers()).admin()
  await admin.connect()
  cleanUps.unshift(() => admin.disconnect()) // runs last
  return admin
}

/** Built under another name and renamed when complete: the template has all migrations, or does not exist. */
async function makeTemplateOnce(admin: pg.Client, template: string): Promise<void> {
  await lock(admin, template)
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [template])
  if (rowCount === 1) return
  const building = `${template}_building`
  await admin.query(`drop database if exists ${building}`)
  await admin.query(`create database ${building}`)
  await migrate(urlOfDatabase(inject('postgresUrl'), building))
  await admin.query(`alter database ${building} rename to ${template}`)
}

/** Runs `act` while no other test file of the run does so under the same name. */
export function inTurn<T>(name: string, act: () => Promise<T>): Promise<T> {
  return asAdmin(async (admin) => {
    await lock(admin, name)
    return act()
  })
}

/** Held until the client's session ends. */
const lock = (client: pg.Client, name: string) => client.query('select pg_advisory_lock(hashtext($1))', [name])

const asAdmin = <T>(act: (admin: pg.Client) => Promise<T>): Promise<T> => withClient(inject('postgresUrl'), act)
