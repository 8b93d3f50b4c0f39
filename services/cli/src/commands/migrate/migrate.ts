import { loadConfig } from '@outflow/runtime'
import { migrate } from '@outflow/store'
import type { Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { placeOf } from '../../store-access.js'

export interface MigrateOptions {
  readonly config?: string
}

/** Applies the migrations that are not applied yet, and names them. */
export async function migrateDatabase(options: MigrateOptions, terminal: Terminal): Promise<void> {
  const url = await databaseUrl(options)
  const applied = await migrate(url)
  for (const name of applied) await terminal.result(`applied ${name}\n`)
  await terminal.result(`${placeOf(url)} is up to date\n`)
}

async function databaseUrl({ config }: MigrateOptions): Promise<string> {
  if (config !== undefined) return (await loadConfig(config)).postgres.url
  const url = process.env.DATABASE_URL
  if (!url) throw new UsageError('which database? give --config FILE, or set DATABASE_URL')
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new UsageError('DATABASE_URL is a URL such as postgres://user:password@host:5432/database')
  return url
}
