import type { OperationKindName } from '@outflow/contracts'
import { type Client, type Pool, type Queryable, withTransaction } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import type { OutboxMessage } from '../outbox/outbox-message.js'
import { outboxColumns } from '../outbox/outbox-message.js'

/** What goes on for a while, or happened in a moment, and an operator must know of. */
export interface Operation {
  readonly id: string
  readonly kind: string
  /** Where it happened in a moment: the row that tells of it, such as `model_changes/17`; null: it begins and ends. */
  readonly occurrence: string | null
  readonly detail: string
  readonly modelId: string | null
  readonly begunAt: Date
  readonly endedAt: Date | null
}

/** What stands now. */
export interface StandingOperation {
  readonly kind: OperationKindName
  readonly detail: string
  readonly modelId: string | null
}

/** What happened in a moment. */
export interface Occurrence extends StandingOperation {
  readonly occurrence: string
  readonly at: Date
}

interface OperationNews {
  readonly pipeline: string
  /** All that stand now: those that are open and not among them have ended. */
  readonly standing: readonly StandingOperation[]
  readonly occurred: readonly Occurrence[]
  /** Gives what is sent about one that began, ended or happened; null: nothing is. */
  readonly toMessage: (operation: Operation, status: OperationStatus) => OutboxMessage | null
}

export type OperationStatus = 'begun' | 'ended' | 'happened'

/**
 * Opens what stands now and was not open, closes what stands no more, notes what happened, and puts what is sent about each
 * into the outbox, in one transaction. The detail of what stays open is kept current, and nothing is sent about that. What another process has noted meanwhile is passed over: each is reported once.
 *
 * @returns what was new
 */
export function noteOperations(
  pool: Pool,
  news: OperationNews,
): Promise<readonly (Operation & { readonly status: OperationStatus })[]> {
  return withTransaction(pool, async (client) => {
    const reported = [
      ...(await closeOthers(client, news)).map((operation) => ({ ...operation, status: 'ended' as const })),
      ...(await open(client, news)).map((operation) => ({ ...operation, status: 'begun' as const })),
      ...(await noteOccurrences(client, news)).map((operation) => ({ ...operation, status: 'happened' as const })),
    ]
    await updateDetails(client, news)
    const messages = reported.flatMap((operation) => news.toMessage(operation, operation.status) ?? [])
    if (messages.length > 0) await queue(client, news.pipeline, messages)
    return reported
  })
}

/** Gives what is open, the oldest first. */
export async function openOperations(db: Queryable, pipeline: string): Promise<readonly Operation[]> {
  const rows = await run<OperationRow>(db, {
    name: 'open_operations',
    text: `select ${COLUMNS} from outflow.health_events where pipeline = $1 and ended_at is null order by id`,
    values: [pipeline],
  })
  return rows.map(toOperation)
}

const COLUMNS = 'id, kind, occurrence, detail, model_id, begun_at, ended_at'

interface OperationRow {
  readonly id: string
  readonly kind: string
  readonly occurrence: string | null
  readonly detail: string
  readonly model_id: string | null
  readonly begun_at: Date
  readonly ended_at: Date | null
}

async function closeOthers(client: Client, { pipeline, standing }: OperationNews): Promise<Operation[]> {
  const rows = await run<OperationRow>(client, {
    name: 'close_operations',
    text: `
      update outflow.health_events set ended_at = now()
      where pipeline = $1 and ended_at is null and kind <> all($2::text[])
      returning ${COLUMNS}`,
    values: [pipeline, standing.map(({ kind }) => kind)],
  })
  return rows.map(toOperation)
}

async function open(client: Client, { pipeline, standing }: OperationNews): Promise<Operation[]> {
  const rows = await run<OperationRow>(client, {
    name: 'open_new_operations',
    text: `
      insert into outflow.health_events (pipeline, kind, detail, model_id)
      select $1, kind, detail, model_id from unnest($2::text[], $3::text[], $4::text[]) as stands (kind, detail, model_id)
      on conflict (pipeline, kind) where ended_at is null do nothing
      returning ${COLUMNS}`,
    values: [pipeline, ...columnsOf(standing)],
  })
  return rows.map(toOperation)
}

async function updateDetails(client: Client, { pipeline, standing }: OperationNews): Promise<void> {
  await run(client, {
    name: 'update_operation_details',
    text: `
      update outflow.health_events set detail = stands.detail
      from unnest($2::text[], $3::text[]) as stands (kind, detail)
      where health_events.pipeline = $1 and health_events.ended_at is null
        and health_events.kind = stands.kind and health_events.detail <> stands.detail`,
    values: [pipeline, standing.map(({ kind }) => kind), standing.map(({ detail }) => detail)],
  })
}

async function noteOccurrences(client: Client, { pipeline, occurred }: OperationNews): Promise<Operation[]> {
  const rows = await run<OperationRow>(client, {
    name: 'note_occurrences',
    text: `
      insert into outflow.health_events (pipeline, kind, detail, model_id, occurrence, begun_at, ended_at)
      select $1, kind, detail, model_id, occurrence, at, at
      from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
        as happened (kind, detail, model_id, occurrence, at)
      on conflict (pipeline, occurrence) do nothing
      returning ${COLUMNS}`,
    values: [
      pipeline,
      ...columnsOf(occurred),
      occurred.map(({ occurrence }) => occurrence),
      occurred.map(({ at }) => at.toISOString()),
    ],
  })
  return rows.map(toOperation)
}

const columnsOf = (operations: readonly StandingOperation[]) => [
  operations.map(({ kind }) => kind),
  operations.map(({ detail }) => detail),
  operations.map(({ modelId }) => modelId),
]

async function queue(client: Client, pipeline: string, messages: readonly OutboxMessage[]): Promise<void> {
  await run(client, {
    name: 'queue_operations',
    text: `
      with queued as (
        insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
        select $1, message.kind, message.topic, message.message_key, message.payload, message.headers
        from unnest($2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::json[])
          with ordinality as message (kind, topic, message_key, payload, headers, place)
        order by message.place
      )
      select pg_notify('outflow_outbox', $1)`,
    values: [pipeline, ...outboxColumns(messages)],
  })
}

function toOperation(row: OperationRow): Operation {
  return {
    id: row.id,
    kind: row.kind,
    occurrence: row.occurrence,
    detail: row.detail,
    modelId: row.model_id,
    begunAt: row.begun_at,
    endedAt: row.ended_at,
  }
}
