import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { formatOption } from '../../open-input.js'
import { alertRateOption, collect, FILE_ALERT_RATE, jsonOption, seedOption } from '../../options.js'
import type { TrainOptions } from './train-file.js'

export function addTrain(program: Command, context: CommandContext): void {
  program
    .command('train')
    .summary('fit a model to the records of a file')
    .description(
      'Fits a model to the records of a file. Without --config the features are inferred from the records: numbers are numeric, ' +
        'texts with few values categorical, ISO 8601 times cyclic over the day. Fields that a model cannot use are left out and reported.',
    )
    .requiredOption('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .requiredOption('-o, --output <file>', 'model file to write')
    .option('-c, --config <file>', 'an outflow.yaml with features and training')
    .option('--exclude <column>', 'leave a column out; can be repeated', collect)
    .addOption(seedOption())
    .addOption(alertRateOption(`that of --config, else ${FILE_ALERT_RATE}`))
    .addOption(formatOption())
    .addOption(jsonOption('the report'))
    .addHelpText(
      'after',
      `
Examples:
  outflow train --input flights.csv --output flights.model
  outflow train --input flights.ndjson.gz --exclude id --exclude carrier --seed 7 --output flights.model`,
    )
    .action((options: TrainOptions) =>
      interruptible(async (signal) => (await import('./train-file.js')).trainFile(options, context.terminal, signal)),
    )
}
