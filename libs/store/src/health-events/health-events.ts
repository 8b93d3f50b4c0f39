import { type HealthEvent, type HealthEventKindName, plainText, type StoredHealthEvent } from '@outflow/contracts'
import { type Client, type Pool, type Queryable, withTransaction } from '../connection/pool.js'
import { arraysOf, run } from '../connection/statement.js'
import { type OutboxMessage, queueMessages } from '../outbox/outbox-message.js'

/** A current condition. */
export interface Condition {
  readonly kind: HealthEventKindName
  readonly detail: string
  readonly modelId: string | null
}

/** A single event. */
export interface Occurrence extends Condition {
  /** The row that records it, such as `model_changes/17`. */
  readonly occurrence: string
  readonly at: Date
}

interface HealthUpdate {
  readonly pipeline: string
  /** All current conditions; open ones that are not among them have ended. */
  readonly conditions: readonly Condition[]
  readonly occurred: readonly Occurrence[]
  /** Returns the message about an event; null: none is sent. */
  readonly toMessage: (event: ReportedHealthEvent) => OutboxMessage | null
}

/** An event that has begun, ended or happened. */
export interface ReportedHealthEvent extends StoredHealthEvent, Pick<HealthEvent['data'], 'status'> {}

/**
 * Opens new conditions, closes those that no longer hold, stores single events, and puts the message about each into the outbox, in one
 * transaction. Detail and model of open conditions are updated without a message. Events that another process has stored are skipped: each is
 * reported once.
 *
 * @returns the new events
 */
export function storeHealthEvents(pool: Pool, update: HealthUpdate): Promise<readonly ReportedHealthEvent[]> {
  return withTransaction(pool, async (client) => {
    const reported = await storeChanges(client, update)
    const messages = reported.flatMap((event) => update.toMessage(event) ?? [])
    await queueMessages(client, update.pipeline, messages)
    return reported
  })
}

/** Returns the open conditions, oldest first. */
export async function openHealthEvents(db: Queryable, pipeline: string): Promise<readonly StoredHealthEvent[]> {
  return run<StoredHealthEvent>(db, {
    name: 'open_health_events',
    text: `select ${COLUMNS} from outflow.health_events where pipeline = $1 and ended_at is null order by health_events.id`,
    values: [pipeline],
  })
}

/** Returns the latest events by their beginning, newest first. */
export async function listHealthEvents(
  db: Queryable,
  { pipeline, limit }: { readonly pipeline: string; readonly limit: number },
): Promise<readonly StoredHealthEvent[]> {
  return run<StoredHealthEvent>(db, {
    name: 'list_health_events',
    text: `select ${COLUMNS} from outflow.health_events where pipeline = $1 order by begun_at desc, health_events.id desc limit $2`,
    values: [pipeline, limit],
  })
}

const COLUMNS = 'id::text, kind, detail, model_id as "modelId", begun_at as "begunAt", ended_at as "endedAt"'

async function storeChanges(
  client: Client,
  { pipeline, conditions, occurred }: HealthUpdate,
): Promise<ReportedHealthEvent[]> {
  return run<ReportedHealthEvent>(client, {
    name: 'store_health_events',
    text: `
      with condition as (
        select * from unnest($2::text[], $3::text[], $4::text[]) as condition (kind, detail, model_id)
      ), updated as (
        update outflow.health_events as known set detail = condition.detail, model_id = condition.model_id
        from condition
        where known.pipeline = $1 and known.ended_at is null and known.kind = condition.kind
          and (known.detail, known.model_id) is distinct from (condition.detail, condition.model_id)
      ), ended as (
        update outflow.health_events set ended_at = now()
        where pipeline = $1 and ended_at is null and kind <> all($2::text[])
        returning *
      ), begun as (
        insert into outflow.health_events (pipeline, kind, detail, model_id)
        select $1, kind, detail, model_id from condition
        on conflict (pipeline, kind) where ended_at is null do nothing
        returning *
      ), happened as (
        insert into outflow.health_events (pipeline, kind, detail, model_id, occurrence, begun_at, ended_at)
        select $1, kind, detail, model_id, occurrence, at, at
        from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[])
          as happened (kind, detail, model_id, occurrence, at)
        on conflict (pipeline, occurrence) do nothing
        returning *
      )
      select ${COLUMNS}, status
      from (
        select *, 'ended' as status from ended
        union all
        select *, 'begun' from begun
        union all
        select *, 'happened' from happened
      ) as reported`,
    values: [
      pipeline,
      ...arraysOf(conditions, 'kind', 'detail', 'modelId'),
      ...arraysOf(occurred, 'kind', 'detail', 'modelId', 'occurrence', 'at'),
    ],
  })
}

interface Heartbeat {
  readonly pipeline: string
  /** The kind of leader; each pipeline has one of each. */
  readonly service: 'trainer' | 'alerts'
  /** Text about what the leader waits for. Default: it does not wait. */
  readonly waitingFor?: string | null
}

/** Stores a heartbeat of a pipeline's leader. */
export async function beat(db: Queryable, { pipeline, service, waitingFor = null }: Heartbeat): Promise<void> {
  await run(db, {
    name: 'beat',
    text: `
      insert into outflow.heartbeats (pipeline, service, waiting_for) values ($1, $2, $3)
      on conflict (pipeline, service) do update set beat_at = now(), waiting_for = excluded.waiting_for`,
    // It may quote a message, such as one in UTF-16, which has NUL.
    values: [pipeline, service, waitingFor && plainText(waitingFor)],
  })
}

/** A leading relay checks every few seconds; without a check for this time there is no leader. */
const UNWATCHED_MS = 60_000

/**
 * Readiness check: reports the open health events of a pipeline.
 *
 * @param unready  the kinds that make this service unready; the others are only reported
 */
export async function healthEventsCheck(
  db: Queryable,
  { pipeline, unready = [] }: { readonly pipeline: string; readonly unready?: readonly string[] },
): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const [watch] = await run<{ age_ms: number }>(db, {
    name: 'watch_age',
    text: `
      select extract(epoch from now() - beat_at)::float8 * 1000 as age_ms
      from outflow.heartbeats where pipeline = $1 and service = 'alerts'`,
    values: [pipeline],
  })
  // Without a checking relay, open events may have ended long ago.
  if (watch === undefined || watch.age_ms > UNWATCHED_MS) {
    return { ok: true, detail: 'warning: no `alerts` service has checked this pipeline for a minute' }
  }
  const open = await openHealthEvents(db, pipeline)
  if (open.length === 0) return { ok: true, detail: 'no open health events' }
  const reported = open
    .map(({ kind, begunAt, detail }) => `${kind} since ${begunAt.toISOString()}: ${detail}`)
    .join('; ')
  return open.some(({ kind }) => unready.includes(kind))
    ? { ok: false, detail: reported }
    : { ok: true, detail: `warning: ${reported}` }
}
