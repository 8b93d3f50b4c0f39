import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { configOption, jsonOption } from '../../options.js'
import type { DoctorOptions } from './doctor.js'

export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .summary('check what a pipeline needs')
    .description(
      'Checks broker, topics, the latest records against the configuration, database, migrations, model, training backend and scoring ' +
        'engine. Prints one line per check, and how to fix those that fail. Exits with 1 if any fails; a missing first model is a warning.',
    )
    .addOption(configOption())
    .addOption(jsonOption('the findings'))
    .addHelpText('after', '\nExample:\n  outflow doctor --config outflow.yaml')
    .action(async (options: DoctorOptions) => {
      const ok = await (await import('./doctor.js')).doctor(options, context.terminal)
      if (!ok) context.exitCode = 1
    })
}
