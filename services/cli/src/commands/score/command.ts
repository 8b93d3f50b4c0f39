import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { formatOption } from '../../open-input.js'
import { alertRateOption, jsonOption } from '../../options.js'
import type { ScoreOptions } from './score-file.js'

export function addScore(program: Command, context: CommandContext): void {
  program
    .command('score')
    .summary('score the records of a file')
    .description(
      'Scores every record of a file: how improbable it is (nll, nats, higher is stranger), the share of normal records that ' +
        'have an nll at least as high (p_value), and whether that is within the alert rate (anomaly). ' +
        'Rows are numbered from 0 in input order. A record that breaks the contract of the model ends the command.',
    )
    .requiredOption('--model <file>', 'model file written by `outflow train`')
    .requiredOption('--input <file>', 'records as .csv or .ndjson, also .gz; - is stdin')
    .requiredOption('-o, --output <file>', 'scores as .csv or .ndjson, also .gz; - is stdout')
    .addOption(formatOption())
    .addOption(alertRateOption("the model's own"))
    .addOption(jsonOption('the summary'))
    .addHelpText(
      'after',
      `
Examples:
  outflow score --model flights.model --input today.csv --output scores.csv
  zcat today.ndjson.gz | outflow score --model flights.model --input - --output - | sort -t, -k3g | head`,
    )
    .action((options: ScoreOptions) =>
      interruptible(async (signal) => (await import('./score-file.js')).score(options, context.terminal, signal)),
    )
}
