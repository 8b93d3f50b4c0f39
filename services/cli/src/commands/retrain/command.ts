import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { byOption, configOption, jsonOption, whyOption } from '../../options.js'
import type { RetrainOptions } from './retrain.js'

export function addRetrain(program: Command, context: CommandContext): void {
  program
    .command('retrain')
    .summary('request a new model from the trainer')
    .description(
      'Requests a new model from the trainer of a pipeline, independent of the schedule. It must pass the gate as any ' +
        'other. The request waits while the training window has too few records.',
    )
    .option('--now', 'fit at once (the default)')
    .option(
      '--wait',
      'wait until the fit has ended, and print its outcome; exit code 1 if it gave no model or the model failed its gate',
    )
    .addOption(whyOption())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('the request, or the fit'))
    .addHelpText('after', "\nExample:\n  outflow retrain --now --wait --why 'new firmware since Monday'")
    .action((options: RetrainOptions) =>
      interruptible(async (signal) => {
        const { retrain } = await import('./retrain.js')
        if (!(await retrain(options, context.terminal, signal))) context.exitCode = 1
      }),
    )
}
