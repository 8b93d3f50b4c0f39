import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { configOption, jsonOption, moment, wholeNumber } from '../../options.js'
import type { RescoreOptions } from './rescore-range.js'

export function addRescore(program: Command, { terminal }: CommandContext): void {
  program
    .command('rescore')
    .summary('score a past range again, and say what would have changed')
    .description(
      'Scores what the topics hold of a past range with a model and the configuration as it stands, compares the decisions ' +
        'with those of then, and prints what would have changed. It changes nothing without --send-alerts.',
    )
    .requiredOption('--from <time>', "first moment, by Kafka's timestamp: ISO 8601, or as 24h ago", moment)
    .option('--to <time>', 'last moment, not included; default: now', moment)
    .option('--model <id>', 'the model, or the first letters of its id; default: the active one')
    .option('--limit <n>', 'how many records of each kind to list', wholeNumber(0), 20)
    .option('--send-alerts', 'store new anomalies, and alert on each once; the alerts service sends the alerts')
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
