import type { Queryable } from '../connection/pool.js'
import { run, runValue } from '../connection/statement.js'

/** An event to send to a webhook. */
export interface WaitingDelivery {
  readonly id: bigint
  /** Id of the event; the same at every attempt. */
  readonly eventId: string
  /** The event as it was sent to Kafka. */
  readonly payload: Buffer
  /** Attempts so far. */
  readonly attempts: number
  /** Time since the first attempt, by Postgres's clock; 0: there was none. */
  readonly triedForMs: number
  /** W3C trace context of the record or condition behind the event; null: none. */
  readonly traceparent: string | null
}

export interface FailedAttempt {
  /** HTTP status; null: no answer. */
  readonly status: number | null
  /** Error text without addresses and bodies. */
  readonly failure: string
  /** Time until the next attempt; null: there is none, and the event becomes a dead letter of its webhook. */
  readonly waitMs: number | null
}

/** Condition on a row of `outflow.webhook_deliveries`. */
const IS_WAITING = 'delivered_at is null and died_at is null'

/**
 * Returns a webhook's events whose next attempt is due, longest overdue first. That a condition has ended is not due while its beginning
 * waits: a receiver that gets the beginning last, such as Alertmanager, shows the condition again.
 */
export async function dueDeliveries(
  db: Queryable,
  { pipeline, webhook, limit }: { readonly pipeline: string; readonly webhook: string; readonly limit: number },
): Promise<readonly WaitingDelivery[]> {
  return run<WaitingDelivery>(db, {
    name: 'due_deliveries',
    text: `
      select id, event_id as "eventId", payload, attempts, traceparent,
             coalesce(extract(epoch from now() - first_attempt_at) * 1000, 0)::float8 as "triedForMs"
      from outflow.webhook_deliveries as due
      where pipeline = $1 and webhook = $2 and ${IS_WAITING} and due_at <= now() and not (event_id like '%/ended' and exists (
        select from outflow.webhook_deliveries
        where pipeline = $1 and webhook = $2 and ${IS_WAITING} and event_id = regexp_replace(due.event_id, 'ended$', 'begun')
        offset 0 -- else Postgres reads all waiting events into a hash table before it returns the first due one
      ))
      order by due_at, id
      limit $3`,
    values: [pipeline, webhook, limit],
  })
}

/** Stores that an event was delivered. */
export async function noteDelivered(db: Queryable, id: bigint, status: number): Promise<void> {
  await run(db, {
    name: 'note_delivered',
    text: `
      update outflow.webhook_deliveries
      set payload = null, delivered_at = now(), attempts = attempts + 1,
          first_attempt_at = coalesce(first_attempt_at, now()), status = $2
      where id = $1 and ${IS_WAITING}`,
    values: [id, status],
  })
}

/** Stores a failed attempt, and schedules the next one or gives the event up. */
export async function noteFailedAttempt(
  db: Queryable,
  id: bigint,
  { status, failure, waitMs }: FailedAttempt,
): Promise<void> {
  await run(db, {
    name: 'note_failed_attempt',
    text: `
      update outflow.webhook_deliveries
      set attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, now()), status = $2, failure = $3,
          due_at = coalesce(now() + $4::float8 * interval '1 millisecond', due_at),
          died_at = case when $4::float8 is null then now() end
      where id = $1 and ${IS_WAITING}`,
    values: [id, status, failure, waitMs],
  })
}

/**
 * Gives up the events queued for webhooks that are no longer configured.
 *
 * @returns how many became dead letters
 */
export async function deadLetterUnconfigured(
  db: Queryable,
  pipeline: string,
  webhooks: readonly string[],
): Promise<number> {
  const rows = await run(db, {
    name: 'dead_letter_unconfigured',
    text: `
      update outflow.webhook_deliveries
      set failure = 'no webhook of this name is configured', died_at = now()
      where pipeline = $1 and ${IS_WAITING} and webhook <> all ($2::text[])
      returning id`,
    values: [pipeline, webhooks],
  })
  return rows.length
}

/**
 * Queues dead letters of a webhook again with no attempts counted, and notifies `outflow_webhooks`.
 *
 * @param which.eventId  default: every event
 * @returns how many were queued
 */
export async function resendDeadDeliveries(
  db: Queryable,
  which: { readonly pipeline: string; readonly webhook: string; readonly eventId?: string | undefined },
): Promise<number> {
  return runValue(db, {
    name: 'resend_dead_deliveries',
    text: `
      with queued as (
        update outflow.webhook_deliveries
        set attempts = 0, first_attempt_at = null, status = null, failure = null, due_at = now(), died_at = null
        where pipeline = $1 and webhook = $2 and died_at is not null and ($3::text is null or event_id = $3)
        returning id
      )
      select count(*)::float8 as resent, pg_notify('outflow_webhooks', $1) from queued`,
    values: [which.pipeline, which.webhook, which.eventId ?? null],
  })
}

/** The figures of a webhook. */
export interface WebhookCounts {
  readonly webhook: string
  readonly waiting: number
  readonly delivered: number
  readonly dead: number
  /** Failure of the latest event that waits after a failure or is dead; null: there is none. */
  readonly failure: string | null
}

/** Counts a pipeline's events by webhook name; delivered ones as far back as they are kept. */
export async function webhookCounts(db: Queryable, pipeline: string): Promise<readonly WebhookCounts[]> {
  return run<WebhookCounts>(db, {
    name: 'webhook_counts',
    text: `
      select webhook, count(*) filter (where state = 'waiting')::float8 as waiting,
             count(*) filter (where state = 'delivered')::float8 as delivered,
             count(*) filter (where state = 'dead')::float8 as dead,
             (array_agg(failure order by coalesce(died_at, first_attempt_at) desc)
               filter (where state <> 'delivered' and failure is not null))[1] as failure
      from analyst.alert_deliveries
      where pipeline = $1
      group by webhook
      order by webhook`,
    values: [pipeline],
  })
}

/** The state of an event at one webhook. */
interface EventDelivery {
  readonly webhook: string
  readonly state: 'waiting' | 'delivered' | 'dead'
  readonly attempts: number
  /** Error of the last failed attempt; null: none failed. */
  readonly failure: string | null
  /** When it was delivered or given up, otherwise when it was queued. */
  readonly at: Date
}

/** Returns the state of an event at each webhook that it was queued for, sorted by webhook name. */
export async function deliveriesOf(
  db: Queryable,
  { pipeline, eventId }: { readonly pipeline: string; readonly eventId: string },
): Promise<readonly EventDelivery[]> {
  return run<EventDelivery>(db, {
    name: 'deliveries_of',
    text: `
      select webhook, state, attempts, failure, coalesce(delivered_at, died_at, queued_at) as at
      from analyst.alert_deliveries
      where pipeline = $1 and event_id = $2
      order by webhook`,
    values: [pipeline, eventId],
  })
}

/** Returns the number of a pipeline's undelivered events. */
export async function waitingDeliveries(db: Queryable, pipeline: string): Promise<number> {
  return runValue(db, {
    name: 'waiting_deliveries',
    text: `select count(*)::float8 as waiting from outflow.webhook_deliveries where pipeline = $1 and ${IS_WAITING}`,
    values: [pipeline],
  })
}
