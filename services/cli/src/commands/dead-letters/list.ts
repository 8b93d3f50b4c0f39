import { formatPosition, type RejectionReason } from '@outflow/contracts'
import { loadConfig } from '@outflow/runtime'
import { type DeadLetterQuery, listDeadLetters, type StoredDeadLetter } from '@outflow/store/dead-letters'
import type { Terminal } from '@outflow/terminal'
import { oneLine } from '@outflow/terminal'
import { withStore } from '../../store-access.js'

/** Which dead letters a command is about. */
export interface Selection {
  readonly config: string
  readonly reason?: RejectionReason
  readonly topic?: string
  readonly since?: Date
  readonly limit: number
  readonly json?: true
}

export const queryOf = (pipeline: string, { reason, topic, since, limit }: Selection): DeadLetterQuery => ({
  pipeline,
  reason,
  topic,
  since,
  limit,
})

/** Prints the dead letters of a pipeline, those rejected last first. */
export async function listLetters(selection: Selection, terminal: Terminal): Promise<void> {
  const { pipeline, postgres } = await loadConfig(selection.config)
  const letters = await withStore(postgres.url, (pool) => listDeadLetters(pool, queryOf(pipeline, selection)))
  const text = selection.json ? JSON.stringify(letters.map(plain)) : tableOf(letters, terminal)
  await terminal.result(`${text}\n`)
}

/** As JSON holds it: the key and what is kept of the value in base64. */
export function plain({ key, valueStart, ...letter }: StoredDeadLetter) {
  return {
    position: formatPosition(letter),
    ...letter,
    offset: String(letter.offset),
    key: key?.toString('base64') ?? null,
    valueStart: valueStart?.toString('base64') ?? null,
  }
}

function tableOf(letters: readonly StoredDeadLetter[], terminal: Terminal): string {
  if (letters.length === 0) return 'no dead letter'
  return terminal.table({
    head: ['position', 'rejected', 'reason', 'bytes', 'detail', 'resent'],
    rows: letters.map((letter) => [
      formatPosition(letter),
      letter.rejectedAt.toISOString(),
      letter.reason,
      letter.valueBytes ?? 'none',
      shorten(oneLine(letter.detail)),
      letter.resentAt === null ? '' : `${letter.resentAt.toISOString()}${letter.corrected ? ', corrected' : ''}`,
    ]),
  })
}

const MOST_SHOWN = 70

function shorten(detail: string): string {
  return detail.length <= MOST_SHOWN ? detail : `${detail.slice(0, MOST_SHOWN - 1)}…`
}
