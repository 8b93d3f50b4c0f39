import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { configOption, jsonOption } from '../../options.js'
import type { VerdictOptions, VerdictWord } from './verdict.js'

const WORDS: readonly (readonly [VerdictWord, string])[] = [
  ['confirmed', 'Confirms an anomaly. No model is fitted to its record.'],
  ['false-alarm', 'Labels an anomaly as an ordinary record.'],
  ['expected', 'Labels an anomaly as unusual but known beforehand, such as a load test.'],
]

export function addVerdict(program: Command, { terminal }: CommandContext): void {
  const verdict = program
    .command('verdict')
    .summary('label an anomaly')
    .description(
      'Stores a verdict on an anomaly. All verdicts are kept, and the latest one of an anomaly counts; the view ' +
        'analyst.precision_by_week has the share of confirmed anomalies.',
    )
    .addHelpText(
      'afterAll',
      `
Examples:
  outflow verdict confirmed --anomaly flights/flights/2/18043
  outflow verdict false-alarm --anomaly flights/flights/2/18044 --by ada
  outflow verdict expected --anomaly flights/flights/2/18043 --note 'the airport was closed'`,
    )
  for (const [word, description] of WORDS) {
    verdict
      .command(word)
      .description(description)
      .requiredOption('--anomaly <id>', 'pipeline/topic/partition/offset, the id of its alert')
      .option('--note <text>', 'the reason')
      .option('--by <name>', 'author; default: the user of this machine')
      .addOption(configOption())
      .addOption(jsonOption('the verdict'))
      .action(async (options: VerdictOptions) => (await import('./verdict.js')).judge(word, options, terminal))
  }
}
