import {
  findOriginals,
  type Original,
  type Originals,
  readable,
  readableStart,
  recordChecker,
} from '@outflow/console/dead-letters'
import { formatPosition, REJECTION_REASONS } from '@outflow/contracts'
import type { StoredDeadLetter } from '@outflow/store/dead-letters'
import { BrokerUnavailable } from '@outflow/streams'
import { formatCount, oneLine, type Terminal } from '@outflow/terminal'
import { Option } from 'commander'
import { type CommandContext, printJson, printResult } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { moment, wholeNumber } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { requirePosition } from '../positions.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'
import { lettersAt, newestLetters, type ResendOptions, resendLetters, type Selection } from './dead-letters/resend.js'

export function define(letters: OutflowCommand, { terminal }: CommandContext): void {
  letters
    .description('Lists, prints and resends records that broke their contract.')
    .examples(
      'outflow dead-letters list --reason wrong_type --since 24h',
      'outflow dead-letters resend --reason wrong_type --since 24h --dry-run',
      'outflow dead-letters show flights/2/18043',
      'outflow dead-letters resend flights/2/18043 --with corrected.json',
    )
  selecting(letters.command('list'), 'one object per dead letter')
    .description(
      'Lists dead letters, newest first: when each was rejected, the reason, its position, its size in bytes, and what was wrong.',
    )
    .action((selection: Selection) => listLetters(selection, terminal))
  letters
    .command('show')
    .argument('<position>', 'topic/partition/offset')
    .description('Prints a dead letter: the reason, and its original bytes, key and headers.')
    .pipelineOptions('the dead letter, bytes in base64,')
    .action((position: string, options: PipelineOptions) =>
      interruptible((signal) => showLetter(position, options, terminal, signal)),
    )
  selecting(letters.command('resend'), 'the outcomes')
    .argument('[positions...]', 'topic/partition/offset; default: those not resent before that the options select')
    .description(
      'Resends dead letters that the active model would accept now to their source topic, each at most once. The alerts ' +
        'service sends them; the header outflow.resent has the original position.',
    )
    .option('--with <file>', 'the corrected value of the named dead letter; - is stdin')
    .option('--dry-run', 'print what would be sent, and send nothing')
    .action((positions: string[], options: ResendOptions) =>
      interruptible(async (signal) => resendLetters(positions, options, terminal, signal)),
    )
}

function selecting(command: OutflowCommand, json: string): OutflowCommand {
  return command
    .addOption(new Option('--reason <reason>', 'only those with this reason').choices(REJECTION_REASONS))
    .option('--topic <topic>', 'only those of this source topic')
    .option('--since <time>', 'only those rejected since: ISO 8601, or 24h for 24 hours ago', moment)
    .option('--limit <n>', 'maximum number, the newest first', wholeNumber(1), 1_000)
    .pipelineOptions(json)
}

/** A dead letter as JSON: the key and the stored beginning of the value in base64. */
function plain({ key, valueStart, ...letter }: StoredDeadLetter) {
  return {
    position: formatPosition(letter),
    ...letter,
    offset: String(letter.offset),
    key: key?.toString('base64') ?? null,
    valueStart: valueStart?.toString('base64') ?? null,
  }
}

/** One line for each: the width of a table's columns depends on all rows, and hundreds of thousands took minutes. */
async function listLetters(selection: Selection, terminal: Terminal): Promise<void> {
  const letters = await withPipeline(selection, (pool, { pipeline }) =>
    newestLetters(pool, pipeline, selection, terminal),
  )
  if (letters.length === 0 && !selection.json) return terminal.result('no dead letter\n')
  for (const letter of letters) await printResult(terminal, selection.json, plain(letter), lineOf(letter))
}

function lineOf({ rejectedAt, reason, valueBytes, detail, resentAt, corrected, ...at }: StoredDeadLetter): string {
  const resent = resentAt === null ? '' : ` [resent ${instant(resentAt)}${corrected ? ', corrected' : ''}]`
  return [
    instant(rejectedAt),
    reason.padEnd(LONGEST_REASON),
    oneLine(formatPosition(at)),
    valueBytes === null ? 'none' : formatCount(valueBytes),
    `${oneLine(detail)}${resent}`,
  ].join('  ')
}

const LONGEST_REASON = Math.max(...REJECTION_REASONS.map((reason) => reason.length))

const instant = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`

/** Prints a dead letter with its original bytes, key and headers, and whether ingest would accept it now. */
async function showLetter(
  text: string,
  options: PipelineOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const position = requirePosition(text)
  const { letter, originals, original, rejection } = await withPipeline(options, async (pool, config) => {
    const letter = (await lettersAt(pool, config.pipeline, [position]))[0]!
    const check = await recordChecker(pool, config)
    const originals = await findOriginals(pool, config, [letter], signal).catch(async (thrown: unknown) => {
      if (!options.json && thrown instanceof BrokerUnavailable) await terminal.result(describe(letter, null))
      throw thrown
    })
    const original = originals.whole.get(formatPosition(position)) ?? null
    return { letter, originals, original, rejection: original && (await check(original)) }
  })
  if (options.json) {
    const now =
      original === null ? 'unknown' : rejection === null ? 'valid' : `${rejection.reason}: ${rejection.detail}`
    return printJson(terminal, { ...plain(letter), original: original && encoded(original), now })
  }
  await terminal.result(describe(letter, originals))
  if (original !== null)
    terminal.say(
      rejection === null ? 'it would be accepted now' : `it would still be rejected: ${oneLine(rejection.detail)}`,
    )
}

function encoded({ key, value, headers, timestampMs }: Original) {
  return {
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: headers.map(([name, header]) => [name, header?.toString('base64') ?? null]),
    timestamp: new Date(timestampMs).toISOString(),
  }
}

/**
 * The letter with its original, or with why that is missing and the stored beginning of its value.
 *
 * @param originals  null: they cannot be read
 */
export function describe(letter: StoredDeadLetter, originals: Originals | null): string {
  const position = formatPosition(letter)
  const original = originals?.whole.get(position)
  const lines = [
    `${position}  ${letter.reason}  rejected ${letter.rejectedAt.toISOString()}`,
    `  ${oneLine(letter.detail)}`,
    ...(letter.resentAt === null ? [] : [`  resent ${letter.resentAt.toISOString()}`]),
    ...(original === undefined
      ? [`  ${whyMissing(position, originals)}`, ...startOf(letter)]
      : [
          `  key: ${oneLine(readable(original.key) ?? NONE)}`,
          ...original.headers.map(([name, value]) => `  header ${oneLine(name)}: ${oneLine(readable(value) ?? NONE)}`),
          withoutColours(readable(original.value) ?? NONE),
        ]),
  ]
  return `${lines.join('\n')}\n`
}

function whyMissing(position: string, originals: Originals | null): string {
  if (originals === null) return 'its message cannot be read'
  const { cut, unsent } = originals
  const withheld = cut.get(position)
  if (withheld !== undefined) {
    return `its message lacks ${oneLine(withheld)}; the whole record is at its position in the source topic`
  }
  if (unsent.has(position)) return 'its message is still in the outbox; the alerts service sends it'
  return 'the dead-letter topic no longer has its message'
}

function startOf({ valueStart, valueBytes }: StoredDeadLetter): readonly string[] {
  if (valueStart === null) return ['  no value is stored']
  const size = `${formatCount(valueStart.length)} of ${formatCount(valueBytes ?? 0)}`
  return [`  the first ${size} bytes of its value:`, withoutColours(readableStart(valueStart) ?? NONE)]
}

const NONE = '(none)'

/** A value keeps its line ends and tabs; a colour in it would colour or hide the rest of the terminal. */
const withoutColours = (value: string): string => value.replaceAll(/[^\n\t]+/g, (text) => oneLine(text))
