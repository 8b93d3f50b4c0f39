import type { Severity } from '@outflow/contracts'
import { z } from 'zod'
import type { Queryable } from '../connection/pool.js'
import { placeholders, run, runOne } from '../connection/statement.js'
import { type AnomalyFilter, filterOf } from './anomaly-filter.js'

/** Totals of several anomalies. */
interface Tally {
  readonly anomalies: number
  /** p-value of the least likely record. */
  readonly leastPValue: number
}

/** The anomalies of one step of time, severity and field of the main reason. */
interface AnomalyCount extends Tally {
  /** Start of the step, Kafka's record time; steps are aligned to 1970. */
  readonly at: Date
  readonly severity: Severity
  /** null: the reasons have not been computed yet, or cannot be computed. */
  readonly field: string | null
}

/** An entity's anomalies in one step of time. */
interface EntityCell extends Tally {
  readonly key: string
  readonly at: Date
}

type Steps = AnomalyFilter & { readonly stepSeconds: number }

/** Returns the record times of a pipeline's first and last anomaly; null: it has none. */
export async function anomalySpan(
  db: Queryable,
  pipeline: string,
): Promise<{ readonly first: Date; readonly last: Date } | null> {
  const { first, last } = await runOne<{ first: Date | null; last: Date | null }>(db, {
    name: 'anomaly_span',
    text: 'select min(record_time) as first, max(record_time) as last from outflow.anomalies where pipeline = $1',
    values: [pipeline],
  })
  return first === null || last === null ? null : { first, last }
}

/**
 * Limits a filter to the anomalies that can be counted fast. If the planner expects more than `exactUpTo`, returns the largest p-value of
 * the `most` least likely ones; null: all can be counted.
 *
 * @returns about: the planner's estimate of all matches
 */
export async function leastLikelyLimit(
  db: Queryable,
  { filter, exactUpTo, most }: { readonly filter: AnomalyFilter; readonly exactUpTo: number; readonly most: number },
): Promise<{ readonly maxPValue: number; readonly about: number } | null> {
  const { values, place } = placeholders()
  const matching = `from outflow.anomalies as anomaly where ${filterOf(filter, place).join(' and ')}`
  const planned = await runOne<{ 'QUERY PLAN': unknown }>(db, {
    name: '',
    text: `explain (format json) select ${matching}`,
    values,
  })
  const about = planSchema.parse(planned['QUERY PLAN'])[0].Plan['Plan Rows']
  if (about <= exactUpTo) return null
  const [limit] = await run<{ maxPValue: number }>(db, {
    name: '',
    text: `select p_value as "maxPValue" ${matching} order by (- p_value) desc offset ${place(most)} limit 1`,
    values,
  })
  return limit === undefined ? null : { ...limit, about }
}

const planSchema = z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })])

/** Counts anomalies by step of time, severity and field. Run it in `withReadOnlyTransaction`, which plans for the actual parameter values. */
export async function countAnomalies(db: Queryable, counted: Steps): Promise<readonly AnomalyCount[]> {
  const { values, place } = placeholders()
  return run<AnomalyCount>(db, {
    name: '',
    text: `
      select ${stepOf(place(counted.stepSeconds))} as at, severity, main_field as field, ${TALLY}
      from outflow.anomalies as anomaly
      where ${filterOf(counted, place).join(' and ')}
      group by 1, severity, main_field`,
    values,
  })
}

/** Returns the keys of the entities whose anomalies together are the least likely, in descending order of the sum of −log p. */
export async function topEntities(
  db: Queryable,
  { limit, ...filter }: AnomalyFilter & { readonly limit: number },
): Promise<readonly string[]> {
  const { values, place } = placeholders()
  const rows = await run<{ key: string }>(db, {
    name: '',
    text: `
      select entity_key as key
      from outflow.anomalies as anomaly
      where ${filterOf(filter, place).join(' and ')} and entity_key is not null
      group by entity_key
      order by sum(-ln(greatest(p_value, 1e-300))) desc, entity_key
      limit ${place(limit)}`,
    values,
  })
  return rows.map(({ key }) => key)
}

/** Counts the anomalies of some entities by step of time. */
export async function countByEntity(
  db: Queryable,
  { keys, ...counted }: Steps & { readonly keys: readonly string[] },
): Promise<readonly EntityCell[]> {
  const { values, place } = placeholders()
  return run<EntityCell>(db, {
    name: '',
    text: `
      select entity_key as key, ${stepOf(place(counted.stepSeconds))} as at, ${TALLY}
      from outflow.anomalies as anomaly
      where ${filterOf(counted, place).join(' and ')} and entity_key = any (${place(keys)}::text[])
      group by entity_key, 2
      order by 2`,
    values,
  })
}

const TALLY = 'count(*)::int as anomalies, min(p_value) as "leastPValue"'

const stepOf = (seconds: string): string =>
  `date_bin(make_interval(secs => ${seconds}::float8), record_time, timestamptz '1970-01-01 00:00:00+00')`
