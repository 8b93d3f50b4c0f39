import { arraysOf } from '../connection/statement.js'

/**
 * A message to send, with its target topic: an alert, the reasons of an alert that was sent without them, a dead letter, a resent
 * record, or a health event.
 */
export interface OutboxMessage {
  readonly kind: 'alert' | 'explained' | 'dead_letter' | 'resent' | 'health_event'
  readonly topic: string
  readonly key: Uint8Array | null
  /** null: a tombstone, which a dead letter keeps. */
  readonly payload: Uint8Array | null
  /** In order; a name may occur twice. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | string | null])[]
}

/** Messages as array parameters of one statement: kinds, topics, keys, payloads, headers. */
export function outboxColumns(messages: readonly OutboxMessage[]): unknown[] {
  return [...arraysOf(messages, 'kind', 'topic', 'key', 'payload'), messages.map(headersText)]
}

function headersText({ headers }: OutboxMessage): string {
  return JSON.stringify(
    headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value).toString('base64')]),
  )
}
