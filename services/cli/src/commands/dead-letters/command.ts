import { REJECTION_REASONS } from '@outflow/contracts'
import { type Command, Option } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { configOption, jsonOption, moment, wholeNumber } from '../../options.js'
import type { Selection } from './list.js'
import type { ResendLettersOptions } from './resend.js'
import type { ShowOptions } from './show.js'

export function addDeadLetters(program: Command, { terminal }: CommandContext): void {
  const letters = program
    .command('dead-letters')
    .summary('list rejected records, and resend them')
    .description('Lists, prints and resends records that broke their contract.')
    .addHelpText(
      'afterAll',
      `
Examples:
  outflow dead-letters list --reason wrong_type --since 24h
  outflow dead-letters resend --reason wrong_type --since 24h --dry-run
  outflow dead-letters show flights/2/18043
  outflow dead-letters resend flights/2/18043 --with corrected.json`,
    )
  selecting(letters.command('list'))
    .description('Lists dead letters, newest first.')
    .addOption(jsonOption('the list'))
    .action(async (options: Selection) => (await import('./list.js')).listLetters(options, terminal))
  letters
    .command('show')
    .argument('<position>', 'topic/partition/offset')
    .description('Prints a dead letter: the reason, and its original bytes, key and headers.')
    .addOption(configOption())
    .addOption(jsonOption('the dead letter, bytes in base64,'))
    .action((position: string, options: ShowOptions) =>
      interruptible(async (signal) => (await import('./show.js')).showLetter(position, options, terminal, signal)),
    )
  selecting(letters.command('resend'))
    .argument('[positions...]', 'topic/partition/offset; default: all dead letters that the options select')
    .description(
      'Resends dead letters that would be accepted now to their source topic, each at most once. The alerts service sends them; the ' +
        'header outflow.resent has the original position.',
    )
    .option('--with <file>', 'the corrected value of the named dead letter; - is stdin')
    .option('--dry-run', 'print what would be sent, and send nothing')
    .addOption(jsonOption('the outcomes'))
    .action((positions: string[], options: ResendLettersOptions) =>
      interruptible(async (signal) =>
        (await import('./resend.js')).resendLetters(positions, options, terminal, signal),
      ),
    )
}

function selecting(command: Command): Command {
  return command
    .addOption(configOption())
    .addOption(new Option('--reason <reason>', 'only those with this reason').choices(REJECTION_REASONS))
    .option('--topic <topic>', 'only those of this source topic')
    .option('--since <time>', 'only those rejected since: ISO 8601, or 24h for 24 hours ago', moment)
    .option('--limit <n>', 'maximum number', wholeNumber(1), 1_000)
}
