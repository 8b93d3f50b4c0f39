import type { OutflowError } from '@outflow/errors'
import type { OutboxRow } from '@outflow/store'
import type { OutgoingMessage } from '@outflow/streams'
import { isTooLarge, shorten } from './shorten.js'
import type { AlertsTelemetry } from './telemetry.js'

/** What the relay does to the world; a test hands in its own. */
export interface RelayEffects {
  /** The last sequence whose messages Kafka has committed; null: none yet. Throws when this database never numbered it. */
  readonly readMark: () => Promise<bigint | null>
  /** Sends all in one Kafka transaction that also moves the mark; when it rejects, nothing was sent, or it is unknown. */
  readonly send: (messages: readonly OutgoingMessage[], through: bigint) => Promise<void>
  /** The outbox's first rows, in order. */
  readonly take: (limit: number) => Promise<readonly OutboxRow[]>
  /** Deletes the first rows up to and with the last of these, and with that hands the alerts among them to the webhooks. */
  readonly settle: (sent: readonly OutboxRow[]) => Promise<void>
}

/** With some hundred bytes of headers each, and MAX_BATCH_BYTES of bodies, below the 1 MiB that brokers take at once. */
const MAX_ROWS = 500
export const MAX_BATCH_BYTES = 512 * 1024

/**
 * Settles what a relay before this one has sent and could not settle any more: it died between the two.
 *
 * @returns the sequence up to which everything was sent; null: nothing ever was
 */
export async function catchUp({ readMark, take, settle }: RelayEffects): Promise<bigint | null> {
  const mark = await readMark()
  if (mark === null) return null
  for (;;) {
    const sent = (await take(MAX_ROWS)).filter(({ sequence }) => sequence <= mark)
    if (sent.length === 0) return mark
    await settle(sent)
  }
}

/** What earlier rounds have learnt about rows that are too large; outlives the sender that met them. */
export interface Caution {
  /** Up to here rows go one by one: one of them is too large, and most are not. */
  alone: bigint
  /** Rows that are too large even alone, and go without their body. */
  readonly shortened: Set<bigint>
}

export const makeCaution = (): Caution => ({ alone: 0n, shortened: new Set() })

/**
 * Sends the outbox's first rows, in order, and settles them.
 *
 * Exactly once for readers of committed data: the mark moves in the transaction that sends. A crash before its commit
 * sends nothing; a crash after it leaves rows that `catchUp` settles unsent. When sending rejects, whether it was
 * committed may be unknown: the relay must begin again at `catchUp`, with a sender that has fenced this one off.
 *
 * @returns the rows that were sent; empty when the outbox is
 */
export async function relayOnce(
  { take, send, settle }: RelayEffects,
  telemetry: Pick<AlertsTelemetry, 'rowsSent' | 'messageShortened'>,
  caution: Caution,
): Promise<readonly OutboxRow[]> {
  const waiting = await take(MAX_ROWS)
  const rows = waiting.slice(0, (waiting[0]?.sequence ?? 0n) <= caution.alone ? 1 : MAX_ROWS)
  const last = rows.at(-1)
  if (last === undefined) return rows
  try {
    await send(
      rows.map((row) => toMessage(caution.shortened.has(row.sequence) ? shorten(row) : row)),
      last.sequence,
    )
  } catch (error: unknown) {
    if (isTooLarge(error)) learn(rows, error, telemetry, caution)
    throw error
  }
  await settle(rows)
  telemetry.rowsSent(rows)
  return rows
}

function learn(
  rows: readonly OutboxRow[],
  error: OutflowError,
  telemetry: Pick<AlertsTelemetry, 'messageShortened'>,
  caution: Caution,
): void {
  const last = rows.at(-1)!
  if (rows.length > 1) caution.alone = last.sequence
  else {
    caution.shortened.add(last.sequence)
    telemetry.messageShortened(last, error)
  }
}

/** A row as a message: key, payload and headers byte for byte. */
export function toMessage({ topic, key, payload, headers }: OutboxRow): OutgoingMessage {
  return { topic, key, value: payload, headers }
}
