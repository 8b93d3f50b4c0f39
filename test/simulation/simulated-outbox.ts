import type { AlertBucket } from '@outflow/contracts'
import type { Execute, Row, StatementContext } from './statement.js'
import type { OutboxRow, SuppressionRow, Tables } from './tables.js'

const NUMBER = 'outbox'

/** The statements of the outbox, and those of the transaction in which the relay decides on alerts. */
export const OUTBOX_STATEMENTS: Readonly<Record<string, Execute>> = {
  take_outbox: (tables, values, { nowMs }) => {
    const [, limit, maxBytes, longestMs, order] = values as unknown as [string, number, number, number, bigint[] | null]
    let last = tables.sequences.get(NUMBER) ?? 0n
    for (const id of order ?? toNumber(tables, nowMs, limit, longestMs)) {
      const row = tables.outbox.get(id)
      last += 1n
      if (row?.sequence === null) tables.outbox.set(id, { ...row, sequence: last })
    }
    tables.sequences.set(NUMBER, last)
    return firstOfOutbox(tables, limit, maxBytes)
  },
  has_alert_control: (tables, [, limit], { nowMs }) => [
    { controlled: areAlertsControlled(tables, unnumberedIn(tables).slice(0, limit), nowMs) },
  ],
  outbox_numbered: ({ sequences }) => [{ last_sequence: sequences.get(NUMBER) ?? 0n }],
  delete_outbox_through: ({ outbox }, [, through]) => {
    for (const { id, sequence } of [...outbox.values()])
      if (sequence !== null && sequence <= BigInt(through!)) outbox.delete(id)
    return []
  },

  claim_outbox_order: ({ sequences }, _, { nowMs }) => {
    sequences.set(NUMBER, sequences.get(NUMBER) ?? 0n)
    return [{ now: new Date(nowMs) }]
  },
  unnumbered_rows: (tables, [, limit, maxBytes, longestMs], { nowMs }) => {
    const all = unnumberedIn(tables)
    const waiting = all.slice(0, limit)
    if (areReasonsAwaited(waiting, nowMs, longestMs!)) return []
    let bytes = 0
    return waiting
      .filter(({ kind, payload }, place) => {
        bytes += kind === 'alert' ? (payload?.length ?? 0) : 0
        return place === 0 || bytes <= maxBytes!
      })
      .map(({ id, kind, payload, createdAtMs }) => ({
        ...{ id, kind, payload: kind === 'alert' ? payload : null, createdAt: new Date(createdAtMs) },
      }))
  },
  add_suppression: ({ suppressions }, values, { nowMs, nextId }) => {
    const [, entity, field, direction, low, high, timeOfWeek, zone, expiresAt, why, createdBy] =
      values as readonly unknown[]
    const id = nextId()
    suppressions.set(id, {
      ...{
        id: String(id),
        pipeline: 'p',
        entity: entity as string | null,
        field,
        direction,
        low,
        high,
        timeOfWeek,
        zone,
      },
      ...{ expiresAt: expiresAt as Date, why, createdBy, createdAt: new Date(nowMs), removedBy: null, removedAt: null },
      ...{ hidden: 0, lastHiddenAt: null },
    })
    return [{ id: String(id) }]
  },
  remove_suppression: ({ suppressions }, [, id, removedBy], { nowMs }) => {
    const row = suppressions.get(BigInt(id!))
    if (row === undefined || row.removedAt !== null) return []
    suppressions.set(BigInt(id!), { ...row, removedBy, removedAt: new Date(nowMs) })
    return [{ id }]
  },
  list_suppressions: ({ suppressions }, values, { nowMs }) => {
    const [, all, notExpired] = values as unknown as [string, boolean, Date | undefined]
    const sinceMs = notExpired?.getTime() ?? nowMs
    return [...suppressions.values()]
      .filter(({ removedAt, expiresAt }) => all || (removedAt === null && expiresAt.getTime() > sinceMs))
      .reverse()
  },
  alert_buckets: ({ buckets }, values) => {
    const [, dueBy, kinds, subjects] = values as unknown as [string, Date, string[], string[]]
    const named = new Set(kinds.map((kind, place) => keyOf(kind, subjects[place]!)))
    return [...buckets.values()]
      .filter(({ closesAtMs, kind, subject }) => closesAtMs <= dueBy.getTime() || named.has(keyOf(kind, subject)))
      .map((bucket) => ({ bucket }))
  },
  delete_alert_buckets: ({ buckets }, values) => {
    const [, kinds, subjects] = values as unknown as [string, string[], string[]]
    kinds.forEach((kind, place) => void buckets.delete(keyOf(kind, subjects[place]!)))
    return []
  },
  write_alert_buckets: ({ buckets }, [, text]) => {
    for (const bucket of JSON.parse(text!) as AlertBucket[]) buckets.set(keyOf(bucket.kind, bucket.subject), bucket)
    return []
  },
  withhold_alerts: ({ outbox, unsent, suppressions }, values) => {
    const [, ids, topics, partitions, offsets, becauses, ruleIds, groupIds] = values as unknown as [
      ...[string, bigint[], string[], number[], bigint[], string[], (string | null)[], (string | null)[]],
    ]
    ids.forEach((id, place) => {
      outbox.delete(id)
      const key = `${topics[place]}/${partitions[place]}/${offsets[place]}`
      const [because, ruleId, groupId] = [becauses[place]!, ruleIds[place]!, groupIds[place]!]
      if (!unsent.has(key)) unsent.set(key, { because, ruleId, groupId })
      const rule = ruleId === null ? undefined : suppressions.get(BigInt(ruleId))
      if (rule) suppressions.set(BigInt(rule.id), { ...rule, hidden: rule.hidden + 1 })
    })
    return []
  },
  queue_messages: (tables, [, ...messages], context) => {
    context.notify('outflow_outbox')
    return insertMessages(tables, messages as unknown as unknown[][], context).map((id) => ({ id }))
  },
}

const keyOf = (kind: string, subject: string) => `${kind} ${subject}`

export function insertMessages(
  { outbox }: Tables,
  columns: readonly unknown[][],
  { nowMs, nextOutboxId }: StatementContext,
): readonly bigint[] {
  const [kinds = [], topics = [], keys = [], payloads = [], headers = []] = columns
  return kinds.map((kind, place) => {
    const id = nextOutboxId()
    outbox.set(id, {
      ...{
        id,
        sequence: null,
        kind: kind as string,
        topic: topics[place] as string,
        createdAtMs: nowMs,
      },
      key: bytesOf(keys[place] as Uint8Array | null),
      payload: bytesOf(payloads[place] as Uint8Array | null),
      headers: JSON.parse(headers[place] as string),
    })
    return id
  })
}

const bytesOf = (own: Uint8Array | null) => (own === null ? null : Buffer.from(own))

/** Rows without a number, in their order. */
const unnumberedIn = ({ outbox }: Tables): readonly OutboxRow[] =>
  [...outbox.values()].filter(({ sequence }) => sequence === null).toSorted((a, b) => Number(a.id - b.id))

/** The rows to number without a given order; none if alert control has to decide on them, or while alerts wait for their reasons. */
function toNumber(tables: Tables, nowMs: number, limit: number, longestMs: number): readonly bigint[] {
  const first = unnumberedIn(tables).slice(0, limit)
  if (areAlertsControlled(tables, first, nowMs) || areReasonsAwaited(first, nowMs, longestMs)) return []
  return first.map(({ id }) => id)
}

/** Whether a bucket is open, or a rule was active since the first of these queued alerts. */
function areAlertsControlled(tables: Tables, queued: readonly OutboxRow[], nowMs: number): boolean {
  const sinceMs = Math.min(nowMs, ...queued.map(({ createdAtMs }) => createdAtMs))
  const isActive = ({ removedAt, expiresAt }: SuppressionRow) => removedAt === null && expiresAt.getTime() > sinceMs
  return tables.buckets.size > 0 || [...tables.suppressions.values()].some(isActive)
}

/** No explainer runs here, so that each alert waits the full time for its reasons. */
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
      ...{ sequence, kind, topic, partition: null, key, payload, headers, createdAt: new Date(createdAtMs) },
    }))
}
