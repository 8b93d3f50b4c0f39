import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { byOption, configOption, jsonOption, whyOption } from '../../options.js'
import type { RetrainOptions } from './retrain.js'

export function addRetrain(program: Command, context: CommandContext): void {
  program
    .command('retrain')
    .summary('ask the trainer for a new model')
    .description(
      'Asks the trainer of a pipeline for a new model now, whatever the schedule says. The model must pass the gate as any ' +
        'other. While the window holds too few records the request waits.',
    )
    .option('--now', 'at once, which is also what happens without it')
    .option(
      '--wait',
      'until the fit has ended, and print its outcome; exit code 1 when it gave no model or the model failed its gate',
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
