import type { FdrState } from '@outflow/contracts'
import type { AnomalyRow, DeadLetterRow, OutboxRow, Tables, WindowStateRow } from './tables.js'

/** What a statement may use beside the tables. */
export interface StatementContext {
  readonly nowMs: number
  /** The session that runs the statement. */
  readonly session: number
  readonly isOpen: (session: number) => boolean
  /** The next id of an outbox row; like Postgres's it is given before the commit, and not given again after a rollback. */
  readonly nextOutboxId: () => bigint
}

export const DATABASE_ID = 'simulated'

type Row = Record<string, unknown>
type Execute = (tables: Tables, values: readonly never[], context: StatementContext) => readonly Row[]

/** A batch as the store's JSON text has it. */
interface BatchJson {
  readonly topic: string
  readonly partition: number
  readonly expected_offset: string
  readonly next_offset: string
  readonly received: number
  readonly scored: number
  readonly rejected: number
  readonly skipped: number
  readonly anomaly_count: number
  readonly alerts: number
  readonly anomalies: readonly AnomalyRow[]
  readonly dead_letters: readonly DeadLetterRow[]
  readonly scores: readonly { readonly minute: string; readonly model_id: string; readonly scored: number }[]
  readonly rejections: readonly { readonly minute: string; readonly reason: string; readonly rejected: number }[]
  readonly fdr_state?: FdrState | null
}

/**
 * The store's statements, by the names under which they are prepared: what each does to the tables at the instant of its commit. That
 * they do the same as Postgres is tested by running the same cases on both (test/integration/simulated-store.test.ts).
 */
export const STATEMENTS: Readonly<Record<string, Execute>> = {
  ensure_anomaly_partitions: () => [],
  stored_positions: ({ offsets }, [, topic]: readonly string[]) =>
    [...offsets.values()]
      .filter((row) => row.topic === topic)
      .map(({ partition, nextOffset, topicId }) => ({ partition, next_offset: String(nextOffset), topic_id: topicId })),
  begin_partitions: ({ offsets }, values) => {
    const [, topic, partitions, nextOffsets, topicIds] = values as unknown as [
      string,
      string,
      number[],
      bigint[],
      (string | null)[],
    ]
    partitions.forEach((partition, place) => {
      const key = `${topic}/${partition}`
      const known = offsets.get(key)
      const topicId = topicIds[place]!
      if (known === undefined) {
        const nextOffset = BigInt(nextOffsets[place]!)
        offsets.set(key, {
          ...{ topic, partition, firstOffset: nextOffset, nextOffset, topicId, received: 0, scored: 0, rejected: 0 },
          ...{ skipped: 0, anomalies: 0, alerts: 0, missed: 0n },
        })
      } else if (known.topicId === null) offsets.set(key, { ...known, topicId })
    })
    return []
  },
  skip_missed: ({ offsets, gaps }, values) => {
    const [, topic, partition, nextOffset, topicId, missed, storedOffset, storedId, kind] = values as unknown as [
      ...[string, string, number, bigint, string | null, bigint, bigint, string | null, string],
    ]
    const key = `${topic}/${partition}`
    const known = offsets.get(key)
    if (known?.nextOffset !== BigInt(storedOffset) || known.topicId !== storedId) return []
    offsets.set(key, { ...known, nextOffset: BigInt(nextOffset), topicId, missed: known.missed + BigInt(missed) })
    gaps.set(`${key} ${kind} ${storedOffset} ${nextOffset} ${gaps.size}`, BigInt(missed))
    return [{ id: gaps.size }]
  },
  stored_fdr_state: ({ fdrStates }, [, topic, partition]) => {
    const state = fdrStates.get(`${topic}/${partition}`)
    return state === undefined ? [] : [{ state }]
  },
  load_window_states: ({ windowStates }, values) => {
    const [, topic, partition, bys, entities] = values as unknown as [string, string, number, string[], string[]]
    return bys.flatMap((by, place) => {
      const row = windowStates.get(windowKey(topic, partition, by, entities[place]!))
      return row === undefined ? [] : [{ ...row }]
    })
  },
  write_plain_batch: (tables, [text], context) => writeBatch(tables, text!, [], context),
  write_batch: (tables, [text, ...columns], context) => writeBatch(tables, text!, columns, context),
  partition_counters: ({ offsets }) =>
    [...offsets.values()].map(({ firstOffset: _, topicId: __, nextOffset, missed, ...counts }) => ({
      ...counts,
      nextOffset: String(nextOffset),
      missed: Number(missed),
    })),

  database_id: () => [{ id: DATABASE_ID }],
  take_outbox: (tables, [, limit, maxBytes, longestMs], { nowMs }) => {
    const unnumbered = [...tables.outbox.values()].filter(({ sequence }) => sequence === null)
    if (unnumbered.length > 0 && !areReasonsAwaited(unnumbered, nowMs, longestMs!)) {
      let last = tables.sequences.get('outbox') ?? 0n
      for (const row of unnumbered.toSorted((a, b) => Number(a.id - b.id))) {
        last += 1n
        tables.outbox.set(row.id, { ...row, sequence: last })
      }
      tables.sequences.set('outbox', last)
    }
    return firstOfOutbox(tables, limit!, maxBytes!)
  },
  first_of_outbox: (tables, [, limit, maxBytes]) => firstOfOutbox(tables, limit!, maxBytes!),
  has_alert_control: () => [{ controlled: false }],
  explanations_between: () => [],
  until_on_disk: () => [],
  outbox_numbered: ({ sequences }) => [{ last_sequence: String(sequences.get('outbox') ?? 0n) }],
  delete_outbox_through: ({ outbox, sequences }, [, sequence]) => {
    const last = sequences.get('outbox') ?? 0n
    const sent = [...outbox.values()].filter((row) => row.sequence !== null && row.sequence <= BigInt(sequence!))
    if (BigInt(sequence!) <= last) for (const { id } of sent) outbox.delete(id)
    return [{ deleted: String(sent.length), last_sequence: String(last) }]
  },

  begin_leadership: ({ leaderships }, [name], { session }) => {
    if (leaderships.has(name!)) return []
    leaderships.set(name!, session)
    return [{ name }]
  },
  lock_leadership: () => [],
  read_sessions_again: () => [],
  take_leadership: ({ leaderships }, [name], { session, isOpen }) => {
    if (isOpen(leaderships.get(name!)!)) return []
    leaderships.set(name!, session)
    return [{ name }]
  },
  is_led: ({ leaderships }, [name], { isOpen }) => (isOpen(leaderships.get(name!) ?? 0) ? [{}] : []),
  end_leadership: ({ leaderships }, [name], { session }) => {
    if (leaderships.get(name!) === session) leaderships.delete(name!)
    return []
  },
}

/** Statements that change nothing. */
export const READS: ReadonlySet<string> = new Set(
  [
    'stored_positions',
    'stored_fdr_state',
    'load_window_states',
    'partition_counters',
    'database_id',
    'first_of_outbox',
  ].concat(['has_alert_control', 'explanations_between', 'outbox_numbered', 'ensure_anomaly_partitions', 'is_led']),
)

const windowKey = (topic: string, partition: number, by: string, entity: string) =>
  JSON.stringify([topic, partition, by, entity])

/** The partition that a batch moves, for the lock on its row. */
export function partitionOf(text: string): string {
  const { topic, partition } = JSON.parse(text) as BatchJson
  return `${topic}/${partition}`
}

function writeBatch(tables: Tables, text: string, columns: readonly never[], context: StatementContext): Row[] {
  const batch = JSON.parse(text) as BatchJson
  const { topic, partition } = batch
  const key = `${topic}/${partition}`
  const known = tables.offsets.get(key)
  if (known?.nextOffset !== BigInt(batch.expected_offset)) return [{ written: false }]
  tables.offsets.set(key, {
    ...known,
    nextOffset: BigInt(batch.next_offset),
    received: known.received + batch.received,
    scored: known.scored + batch.scored,
    rejected: known.rejected + batch.rejected,
    skipped: known.skipped + batch.skipped,
    anomalies: known.anomalies + batch.anomaly_count,
    alerts: known.alerts + batch.alerts,
  })
  insertNew(tables.anomalies, key, batch.anomalies)
  insertNew(tables.deadLetters, key, batch.dead_letters)
  for (const { minute, model_id, scored } of batch.scores) add(tables.scored, `${minute} ${model_id}`, scored)
  for (const { minute, reason, rejected } of batch.rejections) add(tables.rejected, `${minute} ${reason}`, rejected)
  if (batch.fdr_state) tables.fdrStates.set(key, batch.fdr_state)
  const [bys = [], entities = [], states = [], ...messages] = columns as unknown as [
    string[],
    string[],
    Buffer[],
    ...unknown[][],
  ]
  bys.forEach((by, place) => {
    const row: WindowStateRow = { by, entity: entities[place]!, state: Buffer.from(states[place]!) }
    tables.windowStates.set(windowKey(topic, partition, by, row.entity), row)
  })
  insertMessages(tables, messages, context)
  return [{ written: true }]
}

function insertNew<T extends { readonly offset: string }>(
  rows: Map<string, T>,
  partition: string,
  fresh: readonly T[],
): void {
  for (const row of fresh) {
    const key = `${partition}/${row.offset}`
    if (!rows.has(key)) rows.set(key, row)
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function insertMessages(
  { outbox }: Tables,
  columns: readonly unknown[][],
  { nowMs, nextOutboxId }: StatementContext,
): void {
  const [kinds = [], topics = [], keys = [], payloads = [], headers = []] = columns
  kinds.forEach((kind, place) => {
    const id = nextOutboxId()
    outbox.set(id, {
      ...{ id, sequence: null, kind: kind as string, topic: topics[place] as string, createdAtMs: nowMs },
      key: bytesOf(keys[place] as Uint8Array | null),
      payload: bytesOf(payloads[place] as Uint8Array | null),
      headers: JSON.parse(headers[place] as string),
    })
  })
}

const bytesOf = (own: Uint8Array | null) => (own === null ? null : Buffer.from(own))

/** Nothing computes reasons here, so that each alert waits as long as it may. */
function areReasonsAwaited(unnumbered: readonly OutboxRow[], nowMs: number, longestMs: number): boolean {
  const alerts = unnumbered.filter(({ kind }) => kind === 'alert')
  return alerts.length > 0 && Math.min(...alerts.map(({ createdAtMs }) => createdAtMs)) > nowMs - longestMs
}

function firstOfOutbox({ outbox }: Tables, limit: number, maxBytes: number): Row[] {
  let bytes = 0
  const numbered = [...outbox.values()].filter((row): row is OutboxRow & { sequence: bigint } => row.sequence !== null)
  return numbered
    .toSorted((a, b) => Number(a.sequence - b.sequence))
    .slice(0, limit)
    .filter(({ payload, key }, place) => {
      bytes += (payload?.length ?? 0) + (key?.length ?? 0)
      return place === 0 || bytes <= maxBytes
    })
    .map(({ sequence, kind, topic, key, payload, headers, createdAtMs }) => ({
      ...{ sequence: String(sequence), kind, topic, key, payload, headers, createdAt: new Date(createdAtMs) },
    }))
}
