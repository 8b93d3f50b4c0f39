import type { Position, RejectionReason } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { arraysOf, run } from '../connection/statement.js'
import { type OutboxMessage, outboxColumns } from '../outbox/outbox-message.js'

/** Bytes of a record's key, and of its value, that the table keeps for inspection. */
export const KEPT_BYTES = 1_024

/** A rejected record. The message in the outbox has its original bytes; the table keeps the first of them. */
export interface DeadLetter {
  readonly offset: bigint
  readonly recordTimeMs: number
  readonly reason: RejectionReason
  readonly detail: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/** A row of the table of dead letters; the dead-letter topic has all bytes. */
export interface StoredDeadLetter extends Position {
  readonly reason: RejectionReason
  readonly detail: string
  readonly key: Buffer | null
  /** The first KiB. */
  readonly valueStart: Buffer | null
  /** null: the record had no value. */
  readonly valueBytes: number | null
  readonly recordTime: Date
  readonly rejectedAt: Date
  /** When it was resent to its source; null: it was not. */
  readonly resentAt: Date | null
  /** Whether its value was corrected before it was resent. */
  readonly corrected: boolean
}

interface DeadLetterQuery {
  readonly pipeline: string
  readonly reason?: RejectionReason | undefined
  readonly topic?: string | undefined
  /** Earliest time of rejection. */
  readonly since?: Date | undefined
  /** Only those that were not resent. */
  readonly notResent?: boolean | undefined
  readonly limit: number
  /** The last one of the previous page; only those after it are returned. */
  readonly after?: Position | null | undefined
}

/** Returns the reasons of the pipeline's rejections since a time, the number of records for each, and the time of the last. */
export function rejectionsSince(
  db: Queryable,
  { pipeline, since }: { readonly pipeline: string; readonly since: Date },
): Promise<readonly { readonly reason: RejectionReason; readonly count: number; readonly lastAt: Date }[]> {
  return run(db, {
    name: 'rejections_since',
    text: `
      select reason, count(*)::float8 as count, max(rejected_at) as "lastAt"
      from outflow.dead_letters
      where pipeline = $1 and rejected_at >= $2
      group by reason
      order by 2 desc, reason`,
    values: [pipeline, since],
  })
}

const COLUMNS = `topic, partition, "offset", reason, detail, message_key as key, value_start as "valueStart",
       value_bytes as "valueBytes", record_time as "recordTime", rejected_at as "rejectedAt",
       resent_at as "resentAt", corrected`

/** Returns a pipeline's dead letters, latest rejection first. */
export async function listDeadLetters(db: Queryable, query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]> {
  return run<StoredDeadLetter>(db, {
    name: 'list_dead_letters',
    text: `
      with last as materialized (
        select rejected_at from outflow.dead_letters
        where pipeline = $1 and topic = $6 and partition = $7::int and "offset" = $8::bigint
      )
      select ${COLUMNS}
      from outflow.dead_letters
      where pipeline = $1 and ($2::text is null or reason = $2) and ($3::text is null or topic = $3)
        and ($4::timestamptz is null or rejected_at >= $4) and (not $9::boolean or resent_at is null)
        and ($6::text is null or (
          rejected_at <= (select rejected_at from last)
          and (rejected_at < (select rejected_at from last) or (topic, partition, "offset") > ($6, $7::int, $8::bigint))
        ))
      order by rejected_at desc, topic, partition, "offset"
      limit $5`,
    values: [
      query.pipeline,
      query.reason ?? null,
      query.topic ?? null,
      query.since ?? null,
      query.limit,
      query.after?.topic ?? null,
      query.after?.partition ?? null,
      query.after?.offset ?? null,
      query.notResent ?? false,
    ],
  })
}

/** Returns the dead letters at these positions, in their order; a position without one is left out. */
export async function deadLettersAt(
  db: Queryable,
  pipeline: string,
  positions: readonly Position[],
): Promise<readonly StoredDeadLetter[]> {
  return run<StoredDeadLetter>(db, {
    name: 'dead_letters_at',
    text: `
      select ${COLUMNS}
      from unnest($2::text[], $3::int[], $4::bigint[]) with ordinality as given (topic, partition, "offset", rank)
      join outflow.dead_letters using (topic, partition, "offset")
      where pipeline = $1
      order by rank`,
    values: [pipeline, ...arraysOf(positions, 'topic', 'partition', 'offset')],
  })
}

/** Returns those of a pipeline's dead letters whose message is still in the outbox. */
export async function unsentDeadLetters(
  db: Queryable,
  pipeline: string,
  letters: readonly Position[],
): Promise<readonly Position[]> {
  return run<Position>(db, {
    name: 'unsent_dead_letters',
    // Ingest writes a dead letter and its message in one transaction, so that both have the same time.
    text: `
      select topic, partition, "offset"
      from outflow.dead_letters as letter
      join unnest($2::text[], $3::int[], $4::bigint[]) as given (topic, partition, "offset") using (topic, partition, "offset")
      where pipeline = $1 and exists (
        select from outflow.outbox
        where outbox.pipeline = $1 and kind = 'dead_letter' and created_at = letter.rejected_at
      )`,
    values: [pipeline, ...arraysOf(letters, 'topic', 'partition', 'offset')],
  })
}

/** A dead letter to resend to its source partition. */
export interface DeadLetterResend extends Position {
  readonly corrected: boolean
  readonly message: OutboxMessage
}

/**
 * Marks dead letters as resent and puts them into the outbox, in one statement, so that each is resent once even with concurrent calls.
 * The relay sends them.
 *
 * @returns those that had not been resent before
 */
export async function queueResends(
  db: Queryable,
  pipeline: string,
  resends: readonly DeadLetterResend[],
): Promise<readonly Position[]> {
  const rows = await run<Position>(db, {
    name: 'queue_resends',
    text: `
      with given as (
        select * from unnest($2::text[], $3::int[], $4::bigint[], $5::boolean[], $6::text[], $7::text[], $8::bytea[],
                             $9::bytea[], $10::json[])
          as given (topic, partition, "offset", corrected, kind, target, message_key, payload, headers)
      ), marked as (
        update outflow.dead_letters as letter
        set resent_at = now(), corrected = given.corrected
        from given
        where letter.pipeline = $1 and letter.topic = given.topic and letter.partition = given.partition
          and letter."offset" = given."offset" and letter.resent_at is null
        returning letter.topic, letter.partition, letter."offset"
      ), queued as (
        insert into outflow.outbox (pipeline, kind, topic, partition, message_key, payload, headers)
        select $1, given.kind, given.target, partition, given.message_key, given.payload, given.headers
        from given join marked using (topic, partition, "offset")
        order by topic, partition, "offset"
      )
      select topic, partition, "offset", pg_notify('outflow_outbox', $1) from marked
      order by topic, partition, "offset"`,
    values: [
      pipeline,
      ...arraysOf(resends, 'topic', 'partition', 'offset', 'corrected'),
      ...outboxColumns(resends.map(({ message }) => message)),
    ],
  })
  return rows.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
}
