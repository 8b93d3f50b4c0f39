import { randomBytes } from 'node:crypto'
import { launchInfrastructure } from '@outflow/launcher'
import pg from 'pg'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    kafkaBrokers: string[]
    /** A database whose role may create others: tests do, by `aDatabase()`. */
    postgresUrl: string
    /** Name of the migrated database that each test's own is cloned from; made when first wanted. */
    databaseTemplate: string
  }
}

/** Brings one Kafka and one Postgres for the whole run; a test that stops and starts them launches its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const infrastructure = await launchInfrastructure({ onProgress: (line) => console.log(`infrastructure: ${line}`) })
  const { kafka, postgres } = infrastructure
  console.log(`infrastructure: ${kafka.description}; ${postgres.description}`)
  const databaseTemplate = `outflow_template_${randomBytes(4).toString('hex')}`
  project.provide('kafkaBrokers', [...kafka.brokers])
  project.provide('postgresUrl', postgres.url)
  project.provide('databaseTemplate', databaseTemplate)
  // For what tests start as programs of their own.
  process.env.OUTFLOW_TEST_BROKERS = kafka.brokers.join(',')
  process.env.OUTFLOW_TEST_DATABASE_URL = postgres.url
  return async () => {
    await dropDatabase(postgres.url, databaseTemplate)
    await infrastructure.stop()
  }
}

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    await admin.query(`drop database if exists ${name}`)
  } finally {
    await admin.end()
  }
}
