import { formatPosition, type Position } from '@outflow/contracts'
import type { Verdict } from '@outflow/contracts/verdict'
import { AnomalyUnknown } from '../connection/errors.js'
import type { Queryable } from '../connection/pool.js'
import { placeholders, run, runOne, runValue } from '../connection/statement.js'
import { type AnomalyFilter, filterOf } from './anomaly-filter.js'

interface NewVerdict extends Position {
  readonly pipeline: string
  readonly verdict: Verdict
  /** The person's reason; null: none given. At most 4,000 characters. */
  readonly note: string | null
  readonly by: string
}

export interface GivenVerdict {
  readonly verdict: Verdict
  readonly note: string | null
  readonly by: string
  readonly at: Date
}

/**
 * Stores a verdict on an anomaly of the stream or of a rescore, or on a calibration record that may be labelled. Earlier verdicts are kept;
 * the latest counts.
 *
 * @throws {AnomalyUnknown} if no such anomaly or calibration record is stored
 */
export async function giveVerdict(db: Queryable, given: NewVerdict): Promise<GivenVerdict> {
  const { pipeline, topic, partition, offset, verdict, note, by } = given
  const [row] = await run<GivenVerdict>(db, {
    name: 'give_verdict',
    text: `
      select verdict, note, given_by as "by", given_at as "at"
      from outflow.insert_verdict($1::text, $2::text, $3::int, $4::bigint, $5::text, $6::text, $7::text)`,
    values: [pipeline, topic, partition, offset, verdict, note, by],
  })
  if (row === undefined) {
    throw new AnomalyUnknown(
      `no anomaly ${pipeline}/${topic}/${partition}/${offset} is stored; analyst.anomalies and analyst.calibration_records list the stored ones`,
      { values: { pipeline, topic, partition, offset } },
    )
  }
  return row
}

/** Returns whether the login of `db` may give verdicts in the name of others; a member of outflow_reviewer may do so only in its own name. */
export async function mayNameReviewer(db: Queryable): Promise<boolean> {
  return runValue(db, {
    name: 'may_name_reviewer',
    text: `
      select has_function_privilege('outflow.insert_verdict(text, text, integer, bigint, text, text, text)', 'execute') as may`,
  })
}

/**
 * Stores a verdict in the name of the login of `db`.
 *
 * @throws {AnomalyUnknown} if no such anomaly or calibration record is stored
 * @throws {StoreRefused} if the login is not a member of outflow_reviewer
 */
export async function giveOwnVerdict(db: Queryable, given: Omit<NewVerdict, 'by'>): Promise<GivenVerdict> {
  const { pipeline, verdict, note } = given
  const row = await runOne<Pick<GivenVerdict, 'by' | 'at'>>(db, {
    name: 'give_own_verdict',
    text: 'select session_user as "by", now() as "at", outflow.give_verdict($1, $2, $3)',
    values: [`${pipeline}/${formatPosition(given)}`, verdict, note],
  })
  return { verdict, note, by: row.by, at: row.at }
}

/** Stores one verdict on every anomaly of a filter. @returns the number of anomalies */
export async function giveVerdicts(
  db: Queryable,
  { filter, verdict, note, by }: Pick<NewVerdict, 'verdict' | 'note' | 'by'> & { readonly filter: AnomalyFilter },
): Promise<number> {
  const { values, place } = placeholders()
  const rows = await run(db, {
    name: '',
    text: `
      insert into outflow.verdicts (pipeline, topic, partition, "offset", verdict, note, given_by, detected_at,
                                    record_time)
      select pipeline, topic, partition, "offset", ${place(verdict)}, nullif(${place(note)}, ''), ${place(by)}, detected_at,
             record_time
      from outflow.anomalies as anomaly
      where ${filterOf(filter, place).join(' and ')}
      returning 1`,
    values,
  })
  return rows.length
}

/** Returns the verdicts on an anomaly, latest first; the latest counts. */
export async function verdictsOn(
  db: Queryable,
  pipeline: string,
  { topic, partition, offset }: Position,
): Promise<readonly GivenVerdict[]> {
  return run<GivenVerdict>(db, {
    name: 'verdicts_on',
    text: `
      select verdict, note, given_by as "by", given_at as "at"
      from outflow.verdicts
      where pipeline = $1 and topic = $2 and partition = $3 and "offset" = $4
      order by id desc`,
    values: [pipeline, topic, partition, offset],
  })
}

/**
 * Counts the anomalies of a model, and of those of the same weights, with a verdict since a given time, by the latest verdict on each.
 *
 * @returns dismissed: the verdicts `false_alarm` and `expected`
 */
export async function countVerdicts(
  db: Queryable,
  of: { readonly pipeline: string; readonly modelId: string; readonly since: Date },
): Promise<{ readonly dismissed: number; readonly confirmed: number }> {
  return runOne<{ dismissed: number; confirmed: number }>(db, {
    name: 'count_verdicts',
    // Not from the view, which sorts all verdicts of the pipeline to find the latest on each record.
    text: `
      select count(*) filter (where verdict <> 'confirmed')::float8 as dismissed,
             count(*) filter (where verdict = 'confirmed')::float8 as confirmed
      from outflow.verdicts as latest
      where pipeline = $1 and given_at > $3 and not exists (
        select from outflow.verdicts as later
        where later.pipeline = $1 and later.topic = latest.topic and later.partition = latest.partition
          and later."offset" = latest."offset" and later.id > latest.id
      ) and exists (
        select from outflow.anomalies as found
        where found.pipeline = $1 and found.topic = latest.topic and found.partition = latest.partition
          and found."offset" = latest."offset" and found.record_time = latest.record_time and found.model_id in (
            select other.id from outflow.models as other
            join outflow.models as own on own.pipeline = other.pipeline and own.fitted_id = other.fitted_id
            where own.pipeline = $1 and own.id = $2
          )
      )`,
    values: [of.pipeline, of.modelId, of.since],
  })
}
