import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { formatOption } from '../../open-input.js'
import { seedOption, wholeNumber } from '../../options.js'
import type { SampleOptions } from './sample-file.js'

export function addSample(program: Command, context: CommandContext): void {
  program
    .command('sample')
    .summary('make synthetic normal records')
    .description("Draws synthetic normal records from a model, with the fields of the model's input.")
    .requiredOption('--model <file>', 'model file written by `outflow train`')
    .requiredOption('--rows <n>', 'number of records', wholeNumber(1))
    .requiredOption('-o, --output <file>', 'records as .csv or .ndjson, also .gz; - is stdout')
    .addOption(seedOption().default(1))
    .addOption(formatOption())
    .addHelpText(
      'after',
      `
Examples:
  outflow sample --model flights.model --rows 1000 --seed 7 --output synthetic.csv
  outflow sample --model flights.model --rows 5 --format ndjson --output -`,
    )
    .action((options: SampleOptions) =>
      interruptible(async (signal) => (await import('./sample-file.js')).sampleFile(options, context.terminal, signal)),
    )
}
