import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { alertRateOption, collect, FILE_ALERT_RATE, formatOption, jsonOption, seedOption } from '../../options.js'
import type { TrainOptions } from './train-file.js'

export function addTrain(program: Command, context: CommandContext): void {
  program
    .command('train')
    .summary('fit a model to the records of a file')
    .description(
      'Fits a model to the records of a file. Without --config the features are inferred from the records: numbers are numeric, ' +
        'few-valued texts categorical, ISO 8601 times cyclic over the day; what a model can not use is left out, and said.',
    )
    .requiredOption('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .requiredOption('-o, --output <file>', 'where the model goes')
    .option('-c, --config <file>', 'an outflow.yaml that states the features and the training')
    .option('--exclude <column>', 'leave a column out; may be given several times', collect)
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
