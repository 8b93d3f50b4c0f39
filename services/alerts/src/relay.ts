import type { OutflowError } from '@outflow/errors'
import { MessageTooLarge, messageBytes, type OutgoingMessage, TopicUnknown } from '@outflow/streams'
import { MAX_MESSAGE_BYTES, type RelayRow } from './output-topics.js'
import { shorten } from './shorten.js'
import type { AlertsTelemetry } from './telemetry.js'

/** The relay's effects on Kafka and Postgres; tests pass simulated ones. */
export interface RelayEffects {
  /** The last sequence whose messages Kafka has committed; null: none yet. Throws if this database has never numbered it. */
  readonly readMark: () => Promise<bigint | null>
  /** Sends all in one Kafka transaction that also moves the mark; if it rejects, nothing was sent, or the outcome is unknown. */
  readonly send: (messages: readonly OutgoingMessage[], through: bigint) => Promise<void>
  /** The outbox's first rows, in order, at most `MAX_ROWS`. */
  readonly take: () => Promise<readonly RelayRow[]>
  /** Deletes the first rows up to and including the last of these, and queues their events for the webhooks. */
  readonly settle: (done: readonly RelayRow[]) => Promise<void>
}

/** Limits of one transaction, before reasons are added to its alerts. The sender divides it into requests that a broker accepts. */
export const MAX_ROWS = 500
export const MAX_BATCH_BYTES = 512 * 1024

/**
 * Settles the rows that an earlier relay had sent but not settled when it stopped.
 *
 * @returns the sequence up to which everything was sent; null: nothing was ever sent
 */
export async function catchUp({ readMark, take, settle }: RelayEffects): Promise<bigint | null> {
  const mark = await readMark()
  if (mark === null) return null
  for (;;) {
    const sent = (await take()).filter(({ sequence }) => sequence <= mark)
    if (sent.length === 0) return mark
    await settle(sent)
  }
}

/** Rows that earlier rounds found to be too large; kept when the sender is replaced. */
export interface Oversized {
  /** Up to this sequence rows are sent one by one, because one of them is too large, or is to be resent to a deleted topic. */
  alone: bigint
  /**
   * Rows of which a part is not sent, which was reported: the body, because they are too large even alone, or the whole message, because it is
   * too large even without its body, or is to be resent to a deleted topic.
   */
  readonly withheld: Map<bigint, 'body' | 'message'>
}

export const noOversized = (): Oversized => ({ alone: 0n, withheld: new Map() })

type RelayTelemetry = Pick<AlertsTelemetry, 'rowsSent' | 'messageShortened' | 'messageNotSent'>

/**
 * Sends the outbox's first rows, in order, and settles them.
 *
 * Exactly once for consumers of committed data: the mark moves in the transaction that sends. A crash before its commit
 * sends nothing; a crash after it leaves rows that `catchUp` settles without sending them. If `send` rejects, the transaction may have
 * been committed: the relay must restart with `catchUp`, with a sender that has fenced off this one.
 *
 * A row that Kafka rejects for its size is sent without its body. If that is rejected too, or the topic of a resent record was deleted,
 * the row is reported and skipped, so that it does not block later rows.
 *
 * @returns the number of rows that were settled; 0 if the outbox is empty
 */
export async function relayOnce(
  { take, send, settle }: RelayEffects,
  telemetry: RelayTelemetry,
  oversized: Oversized,
): Promise<number> {
  const waiting = await take()
  const [first] = waiting
  if (first === undefined) return 0
  const rows = first.sequence <= oversized.alone ? [first] : waiting
  const last = rows.at(-1)!
  const outgoing = rows.flatMap((row) => {
    const message = messageOf(row, telemetry, oversized)
    return message === null ? [] : [{ row, message }]
  })
  try {
    await send(
      outgoing.map(({ message }) => message),
      last.sequence,
    )
  } catch (error: unknown) {
    const isDeleted = error instanceof TopicUnknown && rows.some(({ kind }) => kind === 'resent')
    if (error instanceof MessageTooLarge || isDeleted) {
      // The missing topic may also be the relay's own, with the mark: its restart creates that one.
      if (last.sequence > oversized.alone) oversized.alone = last.sequence
      else withhold(last, error, telemetry, oversized)
    }
    throw error
  }
  await settle(rows)
  telemetry.rowsSent(outgoing.map(({ row }) => row))
  return rows.length
}

/**
 * How long the relay rests after a transaction, ms: in proportion to its messages, so that under load the next transaction has many.
 * A transaction costs the broker some 7 ms of CPU, whatever its size, ten times as much as a batch without one. After a large one
 * there is no rest.
 */
export function restMs(sent: number): number {
  return sent < LARGE ? Math.min(sent * REST_MS_PER_MESSAGE, MAX_REST_MS) : 0
}

const REST_MS_PER_MESSAGE = 5
const MAX_REST_MS = 200
/** Messages of a large transaction. */
const LARGE = 200

/** The message of a row, whole or without its body; null: none is sent. */
function messageOf(row: RelayRow, telemetry: RelayTelemetry, oversized: Oversized): OutgoingMessage | null {
  const { sequence, topic } = row
  if (topic === null) return null
  while (oversized.withheld.get(sequence) !== 'message') {
    const message = toMessage(topic, oversized.withheld.has(sequence) ? shorten(row) : row)
    if (messageBytes(message) <= MAX_MESSAGE_BYTES) return message
    withhold(row, null, telemetry, oversized)
  }
  return null
}

/**
 * Withholds the body first; if that has been withheld, the whole message. Of a resent record it withholds the whole message: without a value
 * it would delete its key from a compacted source topic.
 */
function withhold(row: RelayRow, error: OutflowError | null, telemetry: RelayTelemetry, { withheld }: Oversized): void {
  const isWhole = row.kind === 'resent' || withheld.has(row.sequence)
  withheld.set(row.sequence, isWhole ? 'message' : 'body')
  if (isWhole) telemetry.messageNotSent(row, error)
  else telemetry.messageShortened(row, error)
}

/** Converts a row to a message with the same bytes in key, payload and headers. */
export function toMessage(topic: string, { partition, key, payload, headers }: RelayRow): OutgoingMessage {
  return { topic, key, value: payload, headers, ...(partition !== null && { partition }) }
}
