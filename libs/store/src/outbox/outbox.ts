import { z } from 'zod'
import { OutboxRewound } from '../connection/errors.js'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { arraysOf, type RowOf, run, runValue } from '../connection/statement.js'
import type { OutboxMessage } from './outbox-message.js'
import { ALERTS_CONTROLLED, REASONS_AWAITED } from './unnumbered-outbox.js'

export interface OutboxRow extends OutboxMessage {
  /** Position in the order of sending; increases in the commit order of each writer. */
  readonly sequence: bigint
  readonly createdAt: Date
  /** null: by Kafka's hash of the key */
  readonly partition: number | null
  readonly key: Buffer | null
  readonly payload: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** Values are base64. */
const readHeaders = jsonColumn('outflow.outbox.headers', z.array(z.tuple([z.string(), z.string().nullable()])))

type OutboxTableRow = RowOf<OutboxRow, { readonly headers: unknown }>

// Small enough to be in memory twice.
const DEFAULT_MAX_BYTES = 8 * 1024 ** 2

/**
 * Numbers new rows of the pipeline and returns its first numbered rows, in order, in one round trip, since it adds to the latency of
 * alerts. Only the leader may call it.
 *
 * The numbers, and everything written before them, are durable once `untilOnDisk` resolves. Until then the rows must not be sent.
 */
export async function takeOutbox(
  db: Queryable,
  options: {
    readonly pipeline: string
    readonly limit: number
    /** Stops before the row that would exceed it, but always returns one row; default 8 MiB. */
    readonly maxBytes?: number
    /** The longest time that an alert, and all rows after it, wait for its reasons; default: 0. */
    readonly reasonsWaitMs?: number
    /** Ids of the rows to number, in this order; default: the first `limit` rows, none if alert control has to decide on them. */
    readonly order?: readonly bigint[]
  },
): Promise<readonly OutboxRow[]> {
  const { pipeline, limit, maxBytes = DEFAULT_MAX_BYTES, reasonsWaitMs = 0, order = null } = options
  const values = [pipeline, limit, maxBytes, reasonsWaitMs, order]
  const rows = await run<OutboxTableRow>(db, { name: 'take_outbox', text: TAKE_OUTBOX, values })
  return rows.map(toOutboxRow)
}

// Rows committed since the last call are visible now but were not then, so their numbers follow all earlier ones. A second leader
// (if the first has just lost its lock) finds `sequence` set and changes nothing. Rows that are numbered here still appear unnumbered
// to the rest of the statement, so no row is returned twice. array_position finds a row's place, instead of a join: its plan would be
// made while there are few rows, and compares each new row with each.
const TAKE_OUTBOX = `
with fresh as (
  select coalesce($5::bigint[], array(
    select id
    from outflow.outbox
    where pipeline = $1::text and sequence is null and not ${ALERTS_CONTROLLED} and ${REASONS_AWAITED} is not true
    order by id
    limit $2::int
  )) as ids
), reserved as (
  insert into outflow.outbox_sequences as known (pipeline, last_sequence)
  select $1::text, cardinality(ids) from fresh where cardinality(ids) > 0
  on conflict (pipeline) do update set last_sequence = known.last_sequence + excluded.last_sequence
  returning last_sequence, set_config('synchronous_commit', 'off', true) as not_awaited
), numbered as (
  update outflow.outbox
  set sequence = (select last_sequence - cardinality(ids) from reserved, fresh) + array_position((select ids from fresh), id)
  where pipeline = $1::text and sequence is null and id = any ((select ids from fresh)::bigint[]) and exists (select from reserved)
  returning id, sequence
), waiting as (
  (select id, sequence
  from outflow.outbox
  where pipeline = $1::text and sequence is not null
  order by sequence
  limit $2::int)
  union all
  (select id, sequence from numbered)
  order by sequence
  limit $2::int
)
select sequence, kind, topic, partition, message_key as key, payload, headers, created_at as "createdAt"
from (
  select waiting.sequence, kind, topic, partition, message_key, payload, headers, created_at,
         sum(coalesce(octet_length(payload), 0) + coalesce(octet_length(message_key), 0) + octet_length(headers::text))
           over (order by waiting.sequence) as bytes_so_far,
         row_number() over (order by waiting.sequence) as place
  from waiting
  join outflow.outbox using (id)
) as first
where place = 1 or bytes_so_far <= $3::bigint
order by sequence`

/**
 * Resolves when everything that the database has committed is on disk.
 *
 * @throws {StoreUnavailable} if that is unknown; commits may then be lost
 */
export async function untilOnDisk(db: Queryable): Promise<void> {
  await run(db, {
    name: 'until_on_disk',
    // A synchronous commit flushes the log before it, but only if the transaction itself has written to the log.
    text: `select pg_logical_emit_message(true, 'outflow', '')`,
  })
}

function toOutboxRow(row: OutboxTableRow): OutboxRow {
  return {
    ...row,
    headers: readHeaders(row.headers, String(row.sequence)).map(([name, value]) => [
      name,
      value === null ? null : Buffer.from(value, 'base64'),
    ]),
  }
}

/** A deleted row to queue for a webhook. */
export interface HandOver {
  readonly sequence: bigint
  readonly eventId: string
  readonly webhook: string
  /** W3C trace context; null: none is known. */
  readonly traceparent: string | null
}

/**
 * Deletes the pipeline's rows up to and including `sequence`, which were sent, and in the same transaction queues their events for the
 * webhooks, so that a sent event is either still in the outbox or queued.
 */
export async function deleteOutboxThrough(
  db: Queryable,
  pipeline: string,
  sequence: bigint,
  handOvers: readonly HandOver[] = [],
): Promise<void> {
  await run(db, {
    name: 'delete_outbox_through',
    text: DELETE_OUTBOX_THROUGH,
    values: [pipeline, sequence, ...arraysOf(handOvers, 'sequence', 'eventId', 'webhook', 'traceparent')],
  })
}

// The commit is asynchronous: rows that reappear after a crash of Postgres are below Kafka's mark, so they are deleted and queued again.
const DELETE_OUTBOX_THROUGH = `
with deleted as (
  delete from outflow.outbox
  where pipeline = $1 and sequence <= $2
  returning sequence, payload
), handed_over as (
  insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload, traceparent)
  select $1, handed.webhook, handed.event_id, deleted.payload, handed.traceparent
  from deleted
  join unnest($3::bigint[], $4::text[], $5::text[], $6::text[]) as handed (sequence, event_id, webhook, traceparent)
    using (sequence)
  order by deleted.sequence
  on conflict do nothing
  returning 1
)
select set_config('synchronous_commit', 'off', true) as not_awaited,
       case when exists (select from handed_over) then pg_notify('outflow_webhooks', $1) end`

/** @throws {OutboxRewound} if this database has never numbered a row as high as `sequence`, which is Kafka's mark */
export async function requireOutboxNumbered(db: Queryable, pipeline: string, sequence: bigint): Promise<void> {
  const last = await runValue<bigint>(db, {
    name: 'outbox_numbered',
    text: `select coalesce(max(last_sequence), 0) from outflow.outbox_sequences where pipeline = $1`,
    values: [pipeline],
  })
  if (sequence <= last) return
  throw new OutboxRewound(
    `Kafka holds alerts of ${pipeline} up to number ${sequence}, this database has numbered up to ${last}: it was ` +
      'restored from a backup, or a failover lost its last commits; after `update outflow.database_identity set id = gen_random_uuid()` alerts sent since then are sent again',
    { values: { pipeline, sequence, lastSequence: last } },
  )
}

export async function outboxDepth(db: Queryable, pipeline: string): Promise<number> {
  return runValue(db, {
    name: 'outbox_depth',
    text: 'select count(*)::float8 as rows from outflow.outbox where pipeline = $1',
    values: [pipeline],
  })
}

/**
 * Returns this database's id, 8 hex digits: a hash of the identity that its first migration created and of its oid, which differs in a
 * clone from a template. The relay's group name contains it, so that a new database used with an old broker does not continue at the
 * old database's position.
 */
export async function databaseId(db: Queryable): Promise<string> {
  return runValue(db, {
    name: 'database_id',
    text: `
      select left(md5(identity.id::text || database.oid::text), 8) as id
      from outflow.database_identity as identity
      join pg_database as database on database.datname = current_database()`,
  })
}
