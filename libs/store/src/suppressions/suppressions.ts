import { plainText, type SuppressionRule } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { hasRows, type RowOf, run, runValue } from '../connection/statement.js'

/** A rule that hides alerts until it expires. */
export interface Suppression extends SuppressionRule {
  readonly id: string
  readonly pipeline: string
  readonly why: string
  readonly createdBy: string
  readonly createdAt: Date
  /** null: it is active. */
  readonly removedBy: string | null
  readonly removedAt: Date | null
  /** Number of hidden alerts. */
  readonly hidden: number
  readonly lastHiddenAt: Date | null
}

interface NewSuppression {
  readonly pipeline: string
  readonly rule: SuppressionRule
  readonly why: string
  readonly by: string
}

/**
 * Stores a rule that hides matching alerts from now on, including those that are still in the outbox.
 *
 * @returns the rule's id
 * @throws {StoreRefused} if it has already expired
 */
export async function addSuppression(db: Queryable, { pipeline, rule, why, by }: NewSuppression): Promise<string> {
  const { entity, field, direction, range, timeOfWeek, zone, expiresAt } = rule
  return runValue(db, {
    name: 'add_suppression',
    text: `
      insert into outflow.suppressions (pipeline, entity, field, direction, range_low, range_high, time_of_week, zone,
                                        expires_at, why, created_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      returning id::text`,
    values: [
      pipeline,
      entity && plainText(entity),
      field && plainText(field),
      direction,
      range?.[0] ?? null,
      range?.[1] ?? null,
      timeOfWeek,
      zone,
      expiresAt,
      plainText(why),
      plainText(by),
    ],
  })
}

/**
 * Removes a rule of a pipeline, so that new matching alerts are sent. Alerts that it has hidden stay hidden and counted.
 *
 * @returns whether there was such an active rule
 */
export async function removeSuppression(
  db: Queryable,
  { pipeline, id, by }: { readonly pipeline: string; readonly id: string; readonly by: string },
): Promise<boolean> {
  return hasRows(db, {
    name: 'remove_suppression',
    text: `
      update outflow.suppressions
      set removed_by = $3, removed_at = now()
      where pipeline = $1 and id = $2 and removed_at is null
      returning id`,
    values: [pipeline, id, plainText(by)],
  })
}

type SuppressionRow = RowOf<Omit<Suppression, 'range'>, { readonly low: number | null; readonly high: number | null }>

/**
 * Returns the rules of a pipeline, newest first.
 *
 * @param query.all         includes ended rules
 * @param query.notExpired  without `all`: rules that had not expired at this time and were not removed. Default: now
 */
export async function listSuppressions(
  db: Queryable,
  query: { readonly pipeline: string; readonly all?: boolean; readonly notExpired?: Date },
): Promise<readonly Suppression[]> {
  const rows = await run<SuppressionRow>(db, {
    name: 'list_suppressions',
    text: `
      select id::text, pipeline, entity, field, direction, range_low as low, range_high as high, time_of_week as "timeOfWeek", zone,
             expires_at as "expiresAt", why, created_by as "createdBy", created_at as "createdAt", removed_by as "removedBy",
             removed_at as "removedAt", hidden::float8, last_hidden_at as "lastHiddenAt"
      from outflow.suppressions
      where pipeline = $1 and ($2 or (removed_at is null and expires_at > coalesce($3, now())))
      order by suppressions.id desc`,
    values: [query.pipeline, query.all ?? false, query.notExpired],
  })
  return rows.map(({ low, high, ...row }) => ({ ...row, range: low === null && high === null ? null : [low, high] }))
}
