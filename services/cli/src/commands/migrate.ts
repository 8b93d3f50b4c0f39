import { loadConfig } from '@outflow/runtime'
import { migrate } from '@outflow/store'
import type { CommandContext } from '../command-context.js'
import { UsageError } from '../errors.js'
import type { OutflowCommand } from '../outflow-command.js'
import { placeOf } from '../store-access.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Applies pending migrations. Safe to run repeatedly and by two processes at once. The database ' +
        'is the one of --config, else of DATABASE_URL; its role must be allowed to create schemas and roles.',
    )
    .option('-c, --config <file>', 'an outflow.yaml')
    .examples('outflow migrate --config outflow.yaml', 'DATABASE_URL=postgres://localhost/outflow outflow migrate')
    .action(async ({ config }: { readonly config?: string }) => {
      const url = await databaseUrl(config)
      for (const name of await migrate(url)) await terminal.result(`applied ${name}\n`)
      await terminal.result(`${placeOf(url)} is up to date\n`)
    })
}

async function databaseUrl(config: string | undefined): Promise<string> {
  if (config !== undefined) return (await loadConfig(config)).postgres.url
  const url = process.env.DATABASE_URL
  if (!url) throw new UsageError('which database? give --config FILE, or set DATABASE_URL')
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new UsageError('DATABASE_URL is a URL such as postgres://user:password@host:5432/database')
  return url
}
