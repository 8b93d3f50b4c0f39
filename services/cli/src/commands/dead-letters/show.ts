import { isUtf8 } from 'node:buffer'
import { formatPosition } from '@outflow/contracts'
import { loadConfig } from '@outflow/runtime'
import { deadLetterAt, type StoredDeadLetter } from '@outflow/store/dead-letters'
import { makeKafka } from '@outflow/streams'
import type { Terminal } from '@outflow/terminal'
import { oneLine } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { parsePosition } from '../../positions.js'
import { withStore } from '../../store-access.js'
import { recordChecker } from './check-record.js'
import { plain } from './list.js'
import { findOriginals, type Original } from './originals.js'

export interface ShowOptions {
  readonly config: string
  readonly json?: true
}

/** Prints a dead letter with its original bytes, key and headers, and whether it would be taken now. */
export async function showLetter(
  text: string,
  options: ShowOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const position = parsePosition(text)
  const config = await loadConfig(options.config)
  const { letter, check } = await withStore(config.postgres.url, async (pool) => ({
    letter: await deadLetterAt(pool, config.pipeline, position),
    check: await recordChecker(pool, config),
  }))
  if (letter === null) throw new UsageError(`no dead letter ${text}; \`outflow dead-letters list\` lists them`)
  const originals = await findOriginals(makeKafka(config.kafka), config.deadLetters.topic, [letter], signal)
  const original = originals.get(formatPosition(position)) ?? null
  const rejection = original && (await check(original))
  if (options.json) {
    const now =
      original === null ? 'unknown' : rejection === null ? 'valid' : `${rejection.reason}: ${rejection.detail}`
    return terminal.result(`${JSON.stringify({ ...plain(letter), original: original && encoded(original), now })}\n`)
  }
  await terminal.result(describe(letter, original))
  if (original !== null)
    terminal.say(rejection === null ? 'it would be accepted now' : `it would still be rejected: ${rejection.detail}`)
}

function encoded({ key, value, headers, timestampMs }: Original) {
  return {
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: headers.map(([name, header]) => [name, header?.toString('base64') ?? null]),
    timestamp: new Date(timestampMs).toISOString(),
  }
}

function describe(letter: StoredDeadLetter, original: Original | null): string {
  const head = [
    `${formatPosition(letter)}  ${letter.reason}  rejected ${letter.rejectedAt.toISOString()}`,
    `  ${oneLine(letter.detail)}`,
    ...(letter.resentAt === null ? [] : [`  resent ${letter.resentAt.toISOString()}`]),
  ]
  if (original === null) {
    const what = `  the dead-letter topic no longer has it; it began`
    return `${[...head, what, readable(letter.valueStart)].join('\n')}\n`
  }
  const headers = original.headers.map(([name, value]) => `  header ${oneLine(name)}: ${oneLine(readable(value))}`)
  return `${[...head, `  key: ${oneLine(readable(original.key))}`, ...headers, readable(original.value)].join('\n')}\n`
}

function readable(bytes: Buffer | null): string {
  if (bytes === null) return '(none)'
  return isUtf8(bytes) ? bytes.toString() : `(base64) ${bytes.toString('base64')}`
}
