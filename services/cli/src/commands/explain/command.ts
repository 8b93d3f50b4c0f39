import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../errors.js'
import { interruptible } from '../../interrupt.js'
import { formatOption } from '../../open-input.js'
import { alertRateOption } from '../../options.js'
import type { ExplainOptions } from './explain-file.js'

export function addExplain(program: Command, context: CommandContext): void {
  program
    .command('explain')
    .summary('print why records are improbable')
    .description(
      'Prints which fields make a record improbable, by how many bits, and the expected values: for the records ' +
        'of a file, or for a stored anomaly.',
    )
    .option('--model <file>', 'model file written by `outflow train`')
    .option('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .option('--only-anomalies', 'omit normal records')
    .option('--anomaly <id>', 'a stored anomaly: pipeline/topic/partition/offset, the id of its alert')
    .option('-c, --config <file>', 'configuration with the database of --anomaly', 'outflow.yaml')
    .addOption(formatOption())
    .addOption(alertRateOption("the model's own"))
    .option('--json', 'print one JSON object per record')
    .addHelpText(
      'after',
      `
Examples:
  outflow explain --model flights.model --input today.csv --only-anomalies
  outflow explain --anomaly flights/flights/2/18043 --config outflow.yaml`,
    )
    .action((options: ExplainOptions) => interruptible((signal) => explain(options, context, signal)))
}

async function explain(options: ExplainOptions, { terminal }: CommandContext, signal: AbortSignal): Promise<void> {
  const { anomaly, model, input } = options
  if (anomaly !== undefined) {
    if (model !== undefined || input !== undefined)
      throw new UsageError('give either --anomaly, or --model and --input')
    return (await import('./explain-stored.js')).explainStored(anomaly, options, terminal)
  }
  if (model === undefined || input === undefined)
    throw new UsageError('explain needs --model and --input, or --anomaly')
  await (await import('./explain-file.js')).explainFile({ ...options, model, input }, terminal, signal)
}
