import type { Position } from '@outflow/contracts'
import type { OutboxMessage } from './batch.js'
import { outboxColumns } from './outbox-rows.js'
import type { Queryable } from './pool.js'
import { run } from './statement.js'

/** What the stream once said about a range of a partition. */
export interface OldVerdicts {
  /** p-values of those that were flagged, by offset. */
  readonly flagged: ReadonlyMap<bigint, number>
  /** Offsets from here on were never judged; null: none was. */
  readonly judgedBefore: bigint | null
}

/** Gives the old verdicts on offsets first … last of a partition. */
export async function oldVerdicts(
  db: Queryable,
  pipeline: string,
  at: { readonly topic: string; readonly partition: number; readonly first: bigint; readonly last: bigint },
): Promise<OldVerdicts> {
  const rows = await run<{ offset: string; p_value: number }>(db, {
    name: 'old_verdicts',
    text: `
      select "offset", p_value
      from outflow.anomalies
      where pipeline = $1 and topic = $2 and partition = $3 and "offset" between $4 and $5`,
    values: [pipeline, at.topic, at.partition, at.first, at.last],
  })
  const [stored] = await run<{ next_offset: string }>(db, {
    name: 'judged_before',
    text: 'select next_offset from outflow.offsets where pipeline = $1 and topic = $2 and partition = $3',
    values: [pipeline, at.topic, at.partition],
  })
  return {
    flagged: new Map(rows.map((row) => [BigInt(row.offset), row.p_value])),
    judgedBefore: stored ? BigInt(stored.next_offset) : null,
  }
}

/**
 * Puts the alerts of a replay into the outbox: one a record for ever, unless the stream has flagged it meanwhile.
 *
 * @returns how many were put there
 */
export async function queueReplayAlerts(
  db: Queryable,
  { pipeline, modelId }: { readonly pipeline: string; readonly modelId: string },
  alerts: readonly (Position & { readonly message: OutboxMessage })[],
): Promise<number> {
  const rows = await run<{ queued: string }>(db, {
    name: 'queue_replay_alerts',
    text: `
      with asked as (
        select * from unnest($3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::bytea[], $9::bytea[],
                             $10::json[])
          as asked (topic, partition, "offset", kind, target, message_key, payload, headers)
      ), fresh as (
        insert into outflow.replay_alerts (pipeline, topic, partition, "offset", model_id)
        select $1, topic, partition, "offset", $2 from asked
        where not exists (
          select from outflow.anomalies as known
          where known.pipeline = $1 and known.topic = asked.topic and known.partition = asked.partition
            and known."offset" = asked."offset"
        )
        on conflict do nothing
        returning topic, partition, "offset"
      ), queued as (
        insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
        select $1, asked.kind, asked.target, asked.message_key, asked.payload, asked.headers
        from asked join fresh using (topic, partition, "offset")
        order by topic, partition, "offset"
        returning 1
      )
      select count(*) as queued, pg_notify('outflow_outbox', $1) from queued`,
    values: [
      pipeline,
      modelId,
      alerts.map(({ topic }) => topic),
      alerts.map(({ partition }) => partition),
      alerts.map(({ offset }) => offset),
      ...outboxColumns(alerts.map(({ message }) => message)),
    ],
  })
  return Number(rows[0]!.queued)
}
