import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { configOption, jsonOption } from '../../options.js'
import type { VerdictOptions, VerdictWord } from './verdict.js'

const WORDS: readonly (readonly [VerdictWord, string])[] = [
  ['confirmed', 'Says that an anomaly was worth knowing. No model learns from it.'],
  ['false-alarm', 'Says that an anomaly is an ordinary record.'],
  ['expected', 'Says that an anomaly is out of the ordinary and was known beforehand, such as a load test.'],
]

export function addVerdict(program: Command, { terminal }: CommandContext): void {
  const verdict = program
    .command('verdict')
    .summary('say whether an anomaly was one')
    .description(
      'Says of a stored anomaly what it was. Every verdict is kept, the latest on an anomaly counts; the view ' +
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
      .option('--note <text>', 'why, for those who look later')
      .option('--by <name>', 'who says so; default: the user of this machine')
      .addOption(configOption())
      .addOption(jsonOption('the verdict'))
      .action(async (options: VerdictOptions) => (await import('./verdict.js')).judge(word, options, terminal))
  }
}
