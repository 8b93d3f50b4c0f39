import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import type { MigrateOptions } from './migrate.js'

export function addMigrate(program: Command, { terminal }: CommandContext): void {
  program
    .command('migrate')
    .summary('update the database schema')
    .description(
      'Applies pending migrations. Safe to run repeatedly and by two processes at once. The database ' +
        'is the one of --config, else of DATABASE_URL; its role must be allowed to create schemas and roles.',
    )
    .option('-c, --config <file>', 'an outflow.yaml')
    .addHelpText(
      'after',
      `
Examples:
  outflow migrate --config outflow.yaml
  DATABASE_URL=postgres://localhost/outflow outflow migrate`,
    )
    .action(async (options: MigrateOptions) => {
      await (await import('./migrate.js')).migrateDatabase(options, terminal)
    })
}
