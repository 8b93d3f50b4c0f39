import { type FdrState, fdrStateSchema, type Gap, type StoredPosition } from '@outflow/contracts'
import { PositionMoved } from '../connection/errors.js'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { arraysOf, hasRows, run } from '../connection/statement.js'

/** A pipeline's counters for one partition; they are exact after any crash. */
interface PartitionCounters {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: bigint
  /** received = scored + rejected. */
  readonly received: number
  readonly scored: number
  readonly rejected: number
  /** Tombstones, which are not included in `received`. */
  readonly skipped: number
  readonly anomalies: number
  readonly alerts: number
  /** Deleted by the topic's retention before they were read. */
  readonly missed: number
}

/** Returns the positions of a pipeline in a topic, by partition. */
export async function storedPositions(
  db: Queryable,
  at: { readonly pipeline: string; readonly topic: string },
): Promise<ReadonlyMap<number, StoredPosition>> {
  const rows = await run<StoredPosition & { readonly partition: number }>(db, {
    name: 'stored_positions',
    text: `
      select partition, next_offset as "nextOffset", topic_id as "topicId"
      from outflow.offsets
      where pipeline = $1 and topic = $2`,
    values: [at.pipeline, at.topic],
  })
  return new Map(rows.map(({ partition, ...position }) => [partition, position]))
}

/** Stores where partitions begin, all at once. A partition that has a position keeps it, and gets a topic id if it has none. */
export async function beginPartitions(
  db: Queryable,
  at: { readonly pipeline: string; readonly topic: string },
  starts: ReadonlyMap<number, StoredPosition>,
): Promise<void> {
  await run(db, {
    name: 'begin_partitions',
    text: `
      insert into outflow.offsets as known (pipeline, topic, partition, next_offset, topic_id)
      select $1, $2, partition, next_offset, topic_id
      from unnest($3::int[], $4::bigint[], $5::text[]) as start (partition, next_offset, topic_id)
      order by partition
      on conflict (pipeline, topic, partition) do update set topic_id = excluded.topic_id where known.topic_id is null`,
    values: [at.pipeline, at.topic, [...starts.keys()], ...arraysOf([...starts.values()], 'nextOffset', 'topicId')],
  })
}

/**
 * Moves a position over records that were deleted before they were read, and stores their number, in one statement, so that each gap
 * is counted once.
 *
 * @returns false if the stored position differs from the one that was read, because another instance has moved it
 */
export async function skipMissed(
  db: Queryable,
  { pipeline, ...gap }: Gap & { readonly pipeline: string },
): Promise<boolean> {
  return hasRows(db, {
    name: 'skip_missed',
    text: `
      with moved as (
        update outflow.offsets
        set next_offset = $4::bigint, topic_id = $5, missed = missed + $6::bigint, updated_at = now()
        where pipeline = $1 and topic = $2 and partition = $3 and next_offset = $7::bigint
          and topic_id is not distinct from $8::text
        returning pipeline, topic, partition
      )
      insert into outflow.gaps (pipeline, topic, partition, kind, from_offset, to_offset, missed)
      select moved.pipeline, moved.topic, moved.partition, $9, $7::bigint, $4::bigint, $6::bigint from moved
      returning id`,
    values: [
      pipeline,
      gap.topic,
      gap.partition,
      gap.next.nextOffset,
      gap.next.topicId,
      gap.missed,
      gap.stored.nextOffset,
      gap.stored.topicId,
      gap.kind,
    ],
  })
}

/** A partition at a stored offset. */
export interface PartitionAt {
  readonly pipeline: string
  readonly topic: string
  readonly partition: number
  readonly nextOffset: bigint
}

/**
 * Returns the state of online false-discovery control that was written with a stored offset, or null if there is none yet.
 *
 * @throws {PositionMoved} if another offset is stored
 */
export async function storedFdrState(db: Queryable, at: PartitionAt): Promise<FdrState | null> {
  const { pipeline, topic, partition, nextOffset } = at
  const [row] = await run<{ state: unknown }>(db, {
    name: 'stored_fdr_state',
    text: `
      select fdr_state as state
      from outflow.offsets
      where pipeline = $1 and topic = $2 and partition = $3 and next_offset = $4`,
    values: [pipeline, topic, partition, nextOffset],
  })
  if (row === undefined) throw new PositionMoved(at, nextOffset)
  return row.state === null ? null : readFdrState(row.state, `${pipeline}, ${topic}/${partition}`)
}

const readFdrState = jsonColumn('outflow.offsets.fdr_state', fdrStateSchema)

/** Returns the counters of every partition that the pipeline has read, sorted by topic and partition. */
export async function partitionCounters(db: Queryable, pipeline: string): Promise<readonly PartitionCounters[]> {
  return run<PartitionCounters>(db, {
    name: 'partition_counters',
    text: `
      select topic, partition, next_offset as "nextOffset", received::float8, scored::float8, rejected::float8,
             skipped::float8, anomalies::float8, alerts::float8, missed::float8
      from outflow.offsets
      where pipeline = $1
      order by topic, partition`,
    values: [pipeline],
  })
}
