import type { Position, UnsentCause } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { arraysOf, run, runValue } from '../connection/statement.js'
import type { OutboxMessage } from './outbox-message.js'

/** A row of the outbox without a number in the order of sending. */
export interface UnnumberedRow {
  readonly id: bigint
  readonly kind: OutboxMessage['kind']
  /** Payload of an alert; null for other kinds, and for an alert without a body. */
  readonly payload: Buffer | null
  readonly createdAt: Date
}

/** Why an alert is not sent individually. */
export interface UnsentAlert extends Position, UnsentCause {
  readonly outboxId: bigint
}

/**
 * Locks the pipeline's last sequence until the transaction ends, so that no other relay numbers its outbox meanwhile.
 *
 * The commit is asynchronous: decisions that are lost in a crash of Postgres are made again. See `untilOnDisk`.
 *
 * @returns the database's time once the lock is held
 */
export async function claimOutboxOrder(db: Queryable, pipeline: string): Promise<Date> {
  return runValue(db, {
    name: 'claim_outbox_order',
    text: `
      insert into outflow.outbox_sequences as known (pipeline, last_sequence) values ($1, 0)
      on conflict (pipeline) do update set last_sequence = known.last_sequence
      returning clock_timestamp() as now, set_config('synchronous_commit', 'off', true) as not_awaited`,
    values: [pipeline],
  })
}

/**
 * Returns the pipeline's first unnumbered rows, in the order of numbering; none while alerts among them wait for their reasons.
 *
 * @param options.maxBytes       stops before the alert that would exceed it, but always returns one row
 * @param options.reasonsWaitMs  longest time that an alert waits for its reasons
 */
export async function unnumberedRows(
  db: Queryable,
  options: {
    readonly pipeline: string
    readonly limit: number
    readonly maxBytes: number
    readonly reasonsWaitMs: number
  },
): Promise<readonly UnnumberedRow[]> {
  return run<UnnumberedRow>(db, {
    name: 'unnumbered_rows',
    text: `
      select id, kind, case when kind = 'alert' then payload end as payload, created_at as "createdAt"
      from (
        select id, kind, payload, created_at, row_number() over (order by id) as place,
               sum(case when kind = 'alert' then octet_length(payload) else 0 end) over (order by id) as bytes_so_far
        from (
          select id, kind, payload, created_at
          from outflow.outbox
          where pipeline = $1 and sequence is null and ${REASONS_AWAITED} is not true
          order by id
          limit $2
        ) as first
      ) as waiting
      where place = 1 or coalesce(bytes_so_far, 0) <= $3::bigint
      order by id`,
    values: [options.pipeline, options.limit, options.maxBytes, options.reasonsWaitMs],
  })
}

/** Removes alerts from the outbox, stores why, and counts the hidden alerts of each rule. */
export async function withholdAlerts(db: Queryable, pipeline: string, alerts: readonly UnsentAlert[]): Promise<void> {
  if (alerts.length === 0) return
  await run(db, {
    name: 'withhold_alerts',
    text: `
      with unsent as (
        select * from unnest($2::bigint[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::bigint[], $8::text[])
          as unsent (outbox_id, topic, partition, "offset", because, rule_id, group_id)
      ), taken as (
        delete from outflow.outbox using unsent where outbox.id = unsent.outbox_id
      ), counted as (
        update outflow.suppressions as rule
        set hidden = rule.hidden + own.alerts, last_hidden_at = now()
        from (select rule_id, count(*) as alerts from unsent where rule_id is not null group by rule_id) as own
        where rule.id = own.rule_id
      )
      insert into outflow.unsent_alerts (pipeline, topic, partition, "offset", because, rule_id, group_id)
      select $1, topic, partition, "offset", because, rule_id, group_id from unsent
      on conflict do nothing`,
    values: [pipeline, ...arraysOf(alerts, 'outboxId', 'topic', 'partition', 'offset', 'because', 'ruleId', 'groupId')],
  })
}

/** Why an anomaly's alert was not sent individually. */
export interface StoredUnsentCause extends Omit<UnsentCause, 'because'> {
  readonly because: UnsentCause['because'] | 'provisional'
  /** The reason given for the rule. */
  readonly ruleWhy: string | null
}

/** Returns why an anomaly's alert was not sent individually; null: it was sent or is still in the outbox. */
export async function unsentCauseAt(
  db: Queryable,
  pipeline: string,
  { topic, partition, offset }: Position,
): Promise<StoredUnsentCause | null> {
  const [cause] = await run<StoredUnsentCause>(db, {
    name: 'unsent_cause_at',
    text: `
      select because, rule_id::text as "ruleId", rule_why as "ruleWhy", group_id as "groupId"
      from analyst.unsent_alerts
      where pipeline = $1 and topic = $2 and partition = $3 and "offset" = $4`,
    values: [pipeline, topic, partition, offset],
  })
  return cause ?? null
}

/** The rows that are numbered next. */
const FIRST = `(
  select created_at, kind from outflow.outbox where pipeline = $1::text and sequence is null order by id limit $2::int
) as first`

/**
 * Whether alerts among the first $2 unnumbered rows of the pipeline $1 wait for their reasons: some have not been computed, and no alert
 * has waited for more than $4 ms. An alert of a later time is from before the clock was set back, and does not wait.
 */
export const REASONS_AWAITED = `(
  select 1000 * abs(extract(epoch from now() - at)) < $4::int and exists (
    select from outflow.anomalies
    where pipeline = $1::text and reasons is null and unexplainable is null and detected_at >= at
  )
  from (select min(created_at) filter (where kind = 'alert') as at from ${FIRST}) as oldest
)`

/** Whether alert control has to decide on the first $2 unnumbered rows of the pipeline $1. */
export const ALERTS_CONTROLLED = `(
  exists (
    select from outflow.suppressions
    where pipeline = $1::text and removed_at is null
      and (expires_at > now() or expires_at > (select min(created_at) from ${FIRST}))
  )
  or exists (select from outflow.alert_buckets where pipeline = $1::text)
)`

/**
 * Whether alert control has to decide on the first unnumbered rows of a pipeline: a rule is active, or was when one of them was detected, or a
 * bucket is open.
 */
export async function hasAlertControl(
  db: Queryable,
  { pipeline, limit }: { readonly pipeline: string; readonly limit: number },
): Promise<boolean> {
  return runValue(db, {
    name: 'has_alert_control',
    text: `select ${ALERTS_CONTROLLED} as controlled`,
    values: [pipeline, limit],
  })
}
