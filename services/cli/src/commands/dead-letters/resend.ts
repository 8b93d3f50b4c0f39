import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { type Config, formatPosition, type Position } from '@outflow/contracts'
import { InputInvalid } from '@outflow/records'
import type { Pool } from '@outflow/store'
import {
  type DeadLetterResend,
  listDeadLetters,
  queueResends,
  type StoredDeadLetter,
} from '@outflow/store/dead-letters'
import { formatCount, type Terminal } from '@outflow/terminal'
import { FileUnavailable, UsageError } from '../../errors.js'
import { parsePosition } from '../../positions.js'
import { withPipeline } from '../../store-access.js'
import { findOriginals, letterAt, type Original, recordChecker, type Selection } from './letters.js'

export interface ResendOptions extends Selection {
  /** A file with the corrected value of the one position; - is stdin. */
  readonly with?: string
  readonly dryRun?: true
}

/** Outcome of each selected dead letter; positions as topic/partition/offset. */
interface Report {
  /** Written to the outbox, from which the relay sends them. */
  readonly queued: readonly string[]
  readonly before: readonly string[]
  readonly stillInvalid: readonly { readonly position: string; readonly reason: string; readonly detail: string }[]
  /** No longer on the dead-letter topic. */
  readonly gone: readonly string[]
}

/**
 * Sends dead letters that are valid now, or whose value was corrected, to their source topic again. One statement writes them to
 * the outbox and marks them as sent, so that each is sent once.
 */
export async function resendLetters(
  positions: readonly string[],
  options: ResendOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const wanted = positions.map(parsePosition)
  if (options.with !== undefined && wanted.length !== 1) {
    throw new UsageError(`--with corrects one record; name its position (${wanted.length} are named)`)
  }
  const corrected = options.with === undefined ? null : await readCorrected(options.with)
  const { topic, ...report } = await withPipeline(options, async (pool, config) => {
    const letters = await lettersOf(pool, config, wanted, options)
    return {
      ...(await resendAll(pool, config, letters, { corrected, options, signal })),
      topic: config.deadLetters.topic,
    }
  })
  if (options.json) await terminal.result(`${JSON.stringify(report)}\n`)
  for (const { position, detail } of report.stillInvalid) terminal.say(`${position} would still be rejected: ${detail}`)
  const { queued, before, stillInvalid, gone } = report
  terminal.say(
    `${formatCount(queued.length)} ${options.dryRun ? 'would be resent' : 'will be resent'} to their source, ` +
      `${formatCount(before.length)} were resent before, ${formatCount(stillInvalid.length)} would still be rejected, ` +
      `${formatCount(gone.length)} are no longer on ${topic}`,
  )
}

async function resendAll(
  pool: Pool,
  config: Config,
  letters: readonly StoredDeadLetter[],
  how: { readonly corrected: Buffer | null; readonly options: ResendOptions; readonly signal: AbortSignal },
): Promise<Report> {
  const { corrected, options, signal } = how
  const open = letters.filter(({ resentAt }) => resentAt === null)
  const originals = await findOriginals(config, open, signal)
  const check = await recordChecker(pool, config)
  const resends: DeadLetterResend[] = []
  const stillInvalid: Report['stillInvalid'][number][] = []
  const gone: string[] = []
  for (const letter of open) {
    const position = formatPosition(letter)
    const original = originals.get(position)
    if (original === undefined) {
      gone.push(position)
      continue
    }
    const record = corrected === null ? original : { ...original, value: corrected }
    const rejection = await check(record)
    if (rejection === null) resends.push(resendOf(letter, record, corrected !== null))
    else stillInvalid.push({ position, ...rejection })
  }
  const queued = options.dryRun ? resends : await queueResends(pool, config.pipeline, resends)
  const sent = new Set(queued.map(formatPosition))
  const considered = [...letters.filter(({ resentAt }) => resentAt !== null), ...resends].map(formatPosition)
  return { queued: [...sent], before: considered.filter((position) => !sent.has(position)), stillInvalid, gone }
}

/** The original key and headers, and a header with the original position; the key determines the partition, as for a producer. */
function resendOf(at: Position, { key, value, headers }: Original, corrected: boolean): DeadLetterResend {
  const { topic, partition, offset } = at
  return {
    topic,
    partition,
    offset,
    corrected,
    message: {
      kind: 'resent',
      topic,
      key,
      payload: value,
      headers: [...headers, ['outflow.resent', formatPosition(at)]],
    },
  }
}

function lettersOf(
  pool: Pool,
  { pipeline }: Config,
  positions: readonly Position[],
  options: ResendOptions,
): Promise<readonly StoredDeadLetter[]> {
  if (positions.length === 0) return listDeadLetters(pool, { pipeline, ...options })
  return Promise.all(positions.map((position) => letterAt(pool, pipeline, position)))
}

/** An editor's newline at the end of a file is not part of a record. */
async function readCorrected(path: string): Promise<Buffer> {
  const bytes =
    path === '-'
      ? await buffer(process.stdin)
      : await readFile(path).catch((error: unknown) => {
          throw new FileUnavailable('read', path, error)
        })
  if (bytes.length === 0) throw new InputInvalid(path, null, 'it is empty; write the corrected value into it')
  return bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes
}

const NEWLINE = 0x0a
