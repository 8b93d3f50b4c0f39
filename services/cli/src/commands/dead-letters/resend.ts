import { readFile } from 'node:fs/promises'
import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { resendDeadLetters } from '@outflow/console/dead-letters'
import { type Config, formatPosition, type Position, type RejectionReason } from '@outflow/contracts'
import { formatResend } from '@outflow/contracts/wording'
import { InputInvalid } from '@outflow/records'
import type { Pool } from '@outflow/store'
import { deadLettersAt, listDeadLetters, type StoredDeadLetter } from '@outflow/store/dead-letters'
import { formatCount, oneLine, type Terminal } from '@outflow/terminal'
import { printJson } from '../../command-context.js'
import { FileUnavailable, UsageError } from '../../errors.js'
import { requirePosition } from '../../positions.js'
import { type PipelineOptions, withPipeline } from '../../store-access.js'

export interface Selection extends PipelineOptions {
  readonly reason?: RejectionReason
  readonly topic?: string
  readonly since?: Date
  readonly limit: number
}

export interface ResendOptions extends Selection {
  /** A file with the corrected value of the one position; - is stdin. */
  readonly with?: string
  readonly dryRun?: true
}

export async function resendLetters(
  positions: readonly string[],
  options: ResendOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const wanted = positions.map(requirePosition)
  const filter = (['reason', 'topic', 'since'] as const).find((name) => options[name] !== undefined)
  if (wanted.length > 0 && filter !== undefined) {
    throw new UsageError(`--${filter} selects among all dead letters; leave it out, or name no position`)
  }
  if (options.with !== undefined && wanted.length !== 1) {
    throw new UsageError(`--with corrects one record; name its position (${wanted.length} are named)`)
  }
  const written = options.with === undefined ? null : await readCorrected(options.with, signal)
  const isDryRun = options.dryRun === true
  const report = await withPipeline(options, async (pool, config) => {
    const { pipeline } = config
    const letters =
      wanted.length === 0
        ? await newestLetters(pool, pipeline, { ...options, notResent: true }, terminal)
        : await lettersAt(pool, pipeline, wanted)
    const corrected = written && withoutLineEnd(written, config.source.format)
    return resendDeadLetters(pool, config, letters, { corrected, isDryRun, signal })
  })
  if (options.json) await printJson(terminal, report)
  for (const line of linesOf(report.stillInvalid)) terminal.say(line)
  terminal.say(formatResend(report, { isDryRun }))
}

/** One line for each detail: after a producer's change, thousands of records have the same. */
export function linesOf(stillInvalid: readonly { readonly position: string; readonly detail: string }[]): string[] {
  const positions = new Map<string, string[]>()
  for (const { position, detail } of stillInvalid) {
    const known = positions.get(detail)
    if (known === undefined) positions.set(detail, [position])
    else known.push(position)
  }
  return Array.from(positions, ([detail, [first, ...others]]) => {
    const which = others.length === 0 ? first : `${formatCount(others.length + 1)}, such as ${first},`
    return `${which} would still be rejected: ${oneLine(detail)}`
  })
}

/** The newest dead letters of a selection; a message states that there are more than its limit. */
export async function newestLetters(
  pool: Pool,
  pipeline: string,
  selection: Selection & { readonly notResent?: true },
  { say }: Pick<Terminal, 'say'>,
): Promise<readonly StoredDeadLetter[]> {
  const { limit } = selection
  const letters = await listDeadLetters(pool, { pipeline, ...selection, limit: limit + 1 })
  if (letters.length > limit) say(`these are the newest ${formatCount(limit)}; more: --limit`)
  return letters.slice(0, limit)
}

/** The dead letters at these positions, in their order. @throws {UsageError} when one of them does not exist */
export async function lettersAt(
  pool: Pool,
  pipeline: string,
  positions: readonly Position[],
): Promise<readonly StoredDeadLetter[]> {
  const letters = await deadLettersAt(pool, pipeline, positions)
  const stored = new Set(letters.map(formatPosition))
  const unknown = positions.map(formatPosition).find((position) => !stored.has(position))
  if (unknown === undefined) return letters
  throw new UsageError(`no dead letter ${unknown}; \`outflow dead-letters list\` lists them`)
}

async function readCorrected(path: string, signal: AbortSignal): Promise<Buffer> {
  const bytes =
    path === '-'
      ? await buffer(addAbortSignal(signal, process.stdin))
      : await readFile(path).catch((error: unknown) => {
          throw new FileUnavailable('read', path, error)
        })
  if (bytes.length === 0) throw new InputInvalid(path, null, 'it is empty; write the corrected value into it')
  return bytes
}

/** An editor's newline at the end of a file is not part of a record in text; in Avro and Protobuf the byte is data. */
export function withoutLineEnd(value: Buffer, format: Config['source']['format']): Buffer {
  const isText = format === 'json' || format === 'csv'
  return isText && value.at(-1) === NEWLINE ? value.subarray(0, -1) : value
}

const NEWLINE = 0x0a
