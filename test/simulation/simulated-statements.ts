import { MODEL_READS, MODEL_STATEMENTS } from './simulated-models.js'
import { insertMessages, OUTBOX_STATEMENTS } from './simulated-outbox.js'
import { TRAINING_READS, TRAINING_STATEMENTS } from './simulated-training.js'
import type { Execute, Row, StatementContext } from './statement.js'
import type { BatchJson, ScoresJson, Tables } from './tables.js'

export const DATABASE_ID = 'simulated'

/**
 * The store's statements, by their prepared names: each applies its changes to the tables at the moment of its commit.
 * test/integration/simulated-store.test.ts runs the same cases on these and on Postgres.
 */
export const STATEMENTS: Readonly<Record<string, Execute>> = {
  ensure_anomaly_partitions: () => [],
  stored_positions: ({ offsets }, [, topic]: readonly string[]) =>
    [...offsets.values()]
      .filter((row) => row.topic === topic)
      .map(({ partition, nextOffset, topicId }) => ({ partition, nextOffset, topicId })),
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
    const [from, to] = [BigInt(storedOffset), BigInt(nextOffset)]
    gaps.set(gaps.size + 1, { partition: key, kind, topicId: storedId, from, to })
    return [{ id: gaps.size }]
  },
  stored_fdr_state: ({ fdrStates, offsets }, [, topic, partition, nextOffset]) => {
    const key = `${topic}/${partition}`
    return offsets.get(key)?.nextOffset === BigInt(nextOffset!) ? [{ state: fdrStates.get(key) ?? null }] : []
  },
  load_window_states: ({ windowStates, offsets }, values) => {
    const [, topic, partition, nextOffset, bys, entities] = values as unknown as [
      ...[string, string, number, bigint, string[], string[]],
    ]
    if (offsets.get(`${topic}/${partition}`)?.nextOffset !== BigInt(nextOffset)) return []
    return bys.map((by, place) => {
      const entity = entities[place]!
      return { by, entity, state: windowStates.get(windowKey(topic, partition, by, entity))?.state ?? null }
    })
  },
  write_plain_batches: writeBatches,
  write_batches: writeBatches,
  write_batches_with_shadow: writeBatches,
  partition_counters: ({ offsets }) =>
    [...offsets.values()].map(({ firstOffset: _, topicId: __, missed, ...counts }) => ({
      ...counts,
      missed: Number(missed),
    })),

  database_id: () => [{ id: DATABASE_ID }],
  explanations_at_times: () => [],
  until_on_disk: () => [],
  ...OUTBOX_STATEMENTS,
  ...MODEL_STATEMENTS,
  ...TRAINING_STATEMENTS,

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
export const READS: ReadonlySet<string> = new Set([
  ...['stored_positions', 'stored_fdr_state', 'load_window_states', 'partition_counters', 'ensure_anomaly_partitions'],
  ...['database_id', 'outbox_numbered', 'has_alert_control', 'explanations_at_times'],
  ...['alert_buckets', 'list_suppressions', 'unnumbered_rows', 'is_led', ...MODEL_READS, ...TRAINING_READS],
])

const windowKey = (topic: string, partition: number, by: string, entity: string) =>
  JSON.stringify([topic, partition, by, entity])

/** The partitions whose rows a write of batches locks. */
export function partitionsOf(text: string): readonly string[] {
  return (JSON.parse(text) as BatchJson[]).map(keyOf).toSorted()
}

const keyOf = ({ topic, partition }: BatchJson): string => `${topic}/${partition}`

function isExpected(tables: Tables, batch: BatchJson): boolean {
  const stored = tables.offsets.get(keyOf(batch))
  if (stored?.nextOffset !== BigInt(batch.expected_offset)) return false
  return batch.topic_id === null || batch.topic_id === stored.topicId
}

function writeBatches(tables: Tables, values: readonly string[], context: StatementContext): Row[] {
  const [text, minutes, ...columns] = values as [string, string, ...string[]]
  const batches = JSON.parse(text) as BatchJson[]
  if (!batches.every((batch) => isExpected(tables, batch))) return [{ written: false }]
  for (const batch of batches) writeBatch(tables, batch)
  for (const minute of JSON.parse(minutes) as ScoresJson[]) addScores(tables, minute)
  const [topics = [], partitions = [], bys = [], entities = [], states = [], ...messages] = columns as unknown as [
    string[],
    number[],
    string[],
    string[],
    Buffer[],
    ...unknown[][],
  ]
  topics.forEach((topic, place) => {
    const [by, entity, state] = [bys[place]!, entities[place]!, Buffer.from(states[place]!)]
    tables.windowStates.set(windowKey(topic, partitions[place]!, by, entity), { by, entity, state })
  })
  insertMessages(tables, messages, context)
  if (batches.some(({ rejected }) => rejected > 0)) context.notify('outflow_outbox')
  return [{ written: true }]
}

function writeBatch(tables: Tables, batch: BatchJson): void {
  const key = keyOf(batch)
  moveOffset(tables, batch)
  insertNew(tables.anomalies, key, batch.anomalies, ({ offset, record_time }) => `${offset} ${record_time}`)
  for (const { offset } of batch.withholds_alerts ? batch.anomalies : [])
    tables.unsent.set(`${key}/${offset}`, { because: 'provisional', ruleId: null, groupId: null })
  insertNew(tables.deadLetters, key, batch.dead_letters, ({ offset }) => offset)
  if (batch.fdr_state) tables.fdrStates.set(key, batch.fdr_state)
  if (batch.shadow) addComparison(tables, batch.shadow)
}

function moveOffset({ offsets }: Tables, batch: BatchJson): void {
  const known = offsets.get(keyOf(batch))!
  offsets.set(keyOf(batch), {
    ...known,
    nextOffset: BigInt(batch.next_offset),
    received: known.received + batch.received,
    scored: known.scored + batch.scored,
    rejected: known.rejected + batch.rejected,
    skipped: known.skipped + batch.skipped,
    anomalies: known.anomalies + batch.anomaly_count,
    alerts: known.alerts + batch.alerts,
  })
}

function insertNew<T>(rows: Map<string, T>, partition: string, fresh: readonly T[], keyOf: (row: T) => string): void {
  for (const row of fresh) {
    const key = `${partition}/${keyOf(row)}`
    if (!rows.has(key)) rows.set(key, row)
  }
}

function addScores({ scored }: Tables, added: ScoresJson): void {
  const key = `${added.minute} ${added.model_id}`
  const known = scored.get(key)
  const sumOf = (before: readonly number[] | undefined, more: string) =>
    more
      .slice(1, -1)
      .split(',')
      .map((count, bucket) => Number(count) + (before?.[bucket] ?? 0))
  scored.set(key, {
    ...{ minuteMs: Date.parse(added.minute), modelId: added.model_id, scored: (known?.scored ?? 0) + added.scored },
    anomalies: (known?.anomalies ?? 0) + added.anomalies,
    histogram: sumOf(known?.histogram, added.histogram),
    pHistogram: sumOf(known?.pHistogram, added.p_histogram),
  })
}

function addComparison({ shadowStatistics }: Tables, added: NonNullable<BatchJson['shadow']>): void {
  const key = `${added.shadow_id} ${added.model_id}`
  const known = shadowStatistics.get(key)
  shadowStatistics.set(key, {
    shadowId: added.shadow_id,
    scored: (known?.scored ?? 0) + added.scored,
    byBoth: (known?.byBoth ?? 0) + added.anomalies_by_both,
    byActive: (known?.byActive ?? 0) + added.anomalies_by_active,
    byShadow: (known?.byShadow ?? 0) + added.anomalies_by_shadow,
  })
}
