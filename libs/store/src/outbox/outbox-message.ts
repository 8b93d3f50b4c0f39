import type { Queryable } from '../connection/pool.js'
import { arraysOf, run } from '../connection/statement.js'

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

/**
 * Adds messages to the outbox, in order, and wakes the relay.
 *
 * @returns their ids, ascending
 */
export async function queueMessages(
  db: Queryable,
  pipeline: string,
  messages: readonly OutboxMessage[],
): Promise<readonly bigint[]> {
  if (messages.length === 0) return []
  const rows = await run<{ id: bigint }>(db, {
    name: 'queue_messages',
    text: `
      with queued as (
        insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
        select $1, message.kind, message.topic, message.message_key, message.payload, message.headers
        from unnest($2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::json[])
          with ordinality as message (kind, topic, message_key, payload, headers, place)
        order by message.place
        returning id
      )
      select id, pg_notify('outflow_outbox', $1) from queued order by id`,
    values: [pipeline, ...outboxColumns(messages)],
  })
  return rows.map(({ id }) => id)
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
