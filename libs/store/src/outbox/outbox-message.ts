import { arraysOf } from '../connection/statement.js'

/**
 * A message that waits to be sent: an alert, a dead letter, a resent record, or a health event,
 * complete with its target.
 */
export interface OutboxMessage {
  readonly kind: 'alert' | 'dead_letter' | 'resent' | 'health_event'
  readonly topic: string
  readonly key: Uint8Array | null
  /** null is a tombstone: a dead letter keeps it. */
  readonly payload: Uint8Array | null
  /** In order; a name may come twice. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | string | null])[]
}

/** Messages as the columns of one statement: kinds, topics, keys, payloads, headers. */
export function outboxColumns(messages: readonly OutboxMessage[]): unknown[] {
  return [...arraysOf(messages, 'kind', 'topic', 'key', 'payload'), messages.map(headersText)]
}

function headersText({ headers }: OutboxMessage): string {
  return JSON.stringify(
    headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value).toString('base64')]),
  )
}
