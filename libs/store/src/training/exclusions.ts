import type { Queryable } from '../connection/pool.js'
import { hasRows, run, runValue } from '../connection/statement.js'

/** A span of Kafka's record time that is excluded from fits: from ≤ t < to. */
interface Exclusion {
  readonly id: string
  readonly from: Date
  readonly to: Date
  readonly why: string
  readonly by: string
}

export async function addExclusion(
  db: Queryable,
  { pipeline, from, to, why, by }: Omit<Exclusion, 'id'> & { readonly pipeline: string },
): Promise<string> {
  return runValue(db, {
    name: 'add_exclusion',
    text: `
      insert into outflow.training_exclusions (pipeline, from_time, to_time, why, excluded_by)
      values ($1, $2, $3, $4, $5)
      returning id::text`,
    values: [pipeline, from, to, why, by],
  })
}

/** @returns whether there was such an exclusion */
export async function removeExclusion(
  db: Queryable,
  { pipeline, id }: { readonly pipeline: string; readonly id: string },
): Promise<boolean> {
  return hasRows(db, {
    name: 'remove_exclusion',
    text: `delete from outflow.training_exclusions where pipeline = $1 and id = $2 returning id`,
    values: [pipeline, id],
  })
}

/** Returns a pipeline's exclusions that end after `since`, in order of their beginning. */
export async function listExclusions(
  db: Queryable,
  { pipeline, since = new Date(0) }: { readonly pipeline: string; readonly since?: Date },
): Promise<readonly Exclusion[]> {
  return run<Exclusion>(db, {
    name: 'list_exclusions',
    text: `
      select id::text, from_time as "from", to_time as "to", why, excluded_by as "by"
      from outflow.training_exclusions
      where pipeline = $1 and to_time > $2
      order by from_time, training_exclusions.id`,
    values: [pipeline, since],
  })
}

/**
 * Returns the positions of anomalies that were confirmed and not labelled a false alarm afterwards, as `topic/partition/offset`.
 */
export async function confirmedPositions(db: Queryable, pipeline: string): Promise<ReadonlySet<string>> {
  const rows = await run<{ position: string }>(db, {
    name: 'confirmed_positions',
    text: `
      select topic || '/' || partition || '/' || "offset" as position
      from analyst.verdicts
      where pipeline = $1 and counts and verdict = 'confirmed'`,
    values: [pipeline],
  })
  return new Set(rows.map(({ position }) => position))
}
