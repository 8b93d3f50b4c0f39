import type { Queryable } from '../connection/pool.js'
import { runOne } from '../connection/statement.js'

/** Totals of one entity; times are Kafka's record times. */
interface EntityHistory {
  readonly anomalies: number
  /** Anomalies by their latest verdict. */
  readonly confirmed: number
  readonly falseAlarms: number
  /** null: it has no anomaly. */
  readonly firstSeen: Date | null
}

/** Returns the totals of an entity's anomalies. */
export async function entityHistory(
  db: Queryable,
  { pipeline, key }: { readonly pipeline: string; readonly key: string },
): Promise<EntityHistory> {
  const values = [pipeline, key]
  const counts = await runOne<Pick<EntityHistory, 'anomalies' | 'firstSeen'>>(db, {
    name: 'entity_counts',
    text: `
      select count(*)::float8 as anomalies, min(record_time) as "firstSeen"
      from outflow.anomalies
      where pipeline = $1 and entity_key = $2`,
    values,
  })
  const verdicts = await runOne<Pick<EntityHistory, 'confirmed' | 'falseAlarms'>>(db, {
    name: 'entity_verdicts',
    text: `
      select count(*) filter (where verdict = 'confirmed')::float8 as confirmed,
             count(*) filter (where verdict = 'false_alarm')::float8 as "falseAlarms"
      from analyst.verdicts
      join outflow.anomalies using (pipeline, topic, partition, "offset", record_time)
      where pipeline = $1 and counts and entity_key = $2`,
    values,
  })
  return { ...counts, ...verdicts }
}
