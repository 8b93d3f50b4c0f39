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
    .summary('look at rejected records, and send them again')
    .description('The records that broke their contract and became dead letters.')
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
    .description('Lists dead letters, those rejected last first.')
    .addOption(jsonOption('the list'))
    .action(async (options: Selection) => (await import('./list.js')).listLetters(options, terminal))
  letters
    .command('show')
    .argument('<position>', 'topic/partition/offset')
    .description('Prints a dead letter: why it was rejected, and its original bytes, key and headers.')
    .addOption(configOption())
    .addOption(jsonOption('it, bytes in base64,'))
    .action((position: string, options: ShowOptions) =>
      interruptible(async (signal) => (await import('./show.js')).showLetter(position, options, terminal, signal)),
    )
  selecting(letters.command('resend'))
    .argument('[positions...]', 'topic/partition/offset; default: all that the options select')
    .description(
      'Sends dead letters that would be taken now to their source topic again, each once. The alerts service sends them; the ' +
        'header outflow.resent names where they stood.',
    )
    .option('--with <file>', 'the corrected value of the one that is named; - is stdin')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .addOption(jsonOption('what became of them'))
    .action((positions: string[], options: ResendLettersOptions) =>
      interruptible(async (signal) =>
        (await import('./resend.js')).resendLetters(positions, options, terminal, signal),
      ),
    )
}

function selecting(command: Command): Command {
  return command
    .addOption(configOption())
    .addOption(new Option('--reason <reason>', 'only those rejected for it').choices(REJECTION_REASONS))
    .option('--topic <topic>', 'only those of this source topic')
    .option('--since <time>', 'only those rejected then or later: ISO 8601, or as 24h ago', moment)
    .option('--limit <n>', 'how many at most', wholeNumber(1), 1_000)
}
