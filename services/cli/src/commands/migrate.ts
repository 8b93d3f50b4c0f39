import { loadConfig } from '@outflow/runtime'
import { migrate } from '@outflow/store'
import type { CommandContext } from '../command-context.js'
import { configOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { placeOf } from '../store-access.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Applies pending migrations to the database of the configuration. Safe to run repeatedly and by two processes at once. The ' +
        'role in postgres.url must be allowed to create schemas, and roles unless outflow_analyst and outflow_reviewer exist.',
    )
    .addOption(configOption())
    .examples('outflow migrate --config outflow.yaml')
    .action(async ({ config }: { readonly config: string }) => {
      const { url } = (await loadConfig(config)).postgres
      for (const name of await migrate(url)) await terminal.result(`applied ${name}\n`)
      await terminal.result(`${placeOf(url)} is up to date\n`)
    })
}
