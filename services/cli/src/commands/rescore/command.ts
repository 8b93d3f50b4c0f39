import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { configOption, jsonOption, moment, wholeNumber } from '../../options.js'
import type { RescoreOptions } from './rescore-range.js'

export function addRescore(program: Command, { terminal }: CommandContext): void {
  program
    .command('rescore')
    .summary('score a past range again, and print what would have changed')
    .description(
      'Scores the records of a past range with a model and the current configuration, compares the decisions ' +
        'with the stored ones, and prints what would have changed. Changes nothing without --send-alerts.',
    )
    .requiredOption('--from <time>', "start, by Kafka's timestamp: ISO 8601, or 24h for 24 hours ago", moment)
    .option('--to <time>', 'end, not included; default: now', moment)
    .option('--model <id>', 'the model: its id, or the first characters of it; default: the active one')
    .option('--limit <n>', 'number of records to list of each kind', wholeNumber(0), 20)
    .option('--send-alerts', 'store new anomalies, and alert on each at most once; the alerts service sends the alerts')
    .addOption(configOption())
    .addOption(jsonOption('the report'))
    .addHelpText(
      'after',
      `
Examples:
  outflow rescore --from 24h
  outflow rescore --from 2026-01-31T08:00:00Z --to 2026-01-31T09:00:00Z --model 3f2a --json`,
    )
    .action((options: RescoreOptions) =>
      interruptible(async (signal) => (await import('./rescore-range.js')).rescoreRange(options, terminal, signal)),
    )
}
