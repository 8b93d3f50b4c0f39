import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { withClient } from './postgres-client.js'

declare module 'vitest' {
  interface ProvidedContext {
    kafkaBrokers: string[]
    /** A database whose role may create others, as `aDatabase()` does. */
    postgresUrl: string
    /** Name of the migrated template database, from which the databases of tests are cloned; created on first use. */
    databaseTemplate: string
    /** Folder of the models that several test files use; each is fitted on first use. */
    modelFolder: string
  }
}

/** The last part of a build. */
const BUILT_PAGE = new URL('../../services/console/dist-page/index.html', import.meta.url)

/** Starts one Kafka and one Postgres for the whole run; a test that stops servers launches its own. */
export default async function setup({ vitest }: TestProject): Promise<undefined | (() => Promise<void>)> {
  const run = vitest.getRootProject()
  if (run.getProvidedContext().kafkaBrokers !== undefined) return // started by another project of this run
  if (!existsSync(BUILT_PAGE)) throw new Error('outflow is not built; run `npm run build` first')
  const { launchInfrastructure } = await import('@outflow/launcher')
  const infrastructure = await launchInfrastructure({ onProgress: (line) => console.log(`infrastructure: ${line}`) })
  const { kafka, postgres } = infrastructure
  console.log(`infrastructure: ${kafka.description}; ${postgres.description}`)
  const databaseTemplate = `outflow_template_${randomBytes(4).toString('hex')}`
  const modelFolder = await mkdtemp(join(tmpdir(), 'outflow-test-models-'))
  run.provide('kafkaBrokers', [...kafka.brokers])
  run.provide('postgresUrl', postgres.url)
  run.provide('databaseTemplate', databaseTemplate)
  run.provide('modelFolder', modelFolder)
  return async () => {
    await rm(modelFolder, { recursive: true })
    await withClient(postgres.url, (admin) => admin.query(`drop database if exists ${databaseTemplate}`))
    await infrastructure.stop()
  }
}
