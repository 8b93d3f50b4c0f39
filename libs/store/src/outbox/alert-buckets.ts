import { type AlertBucket, alertExampleSchema } from '@outflow/contracts'
import { z } from 'zod'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { plainJson } from '../connection/postgres-text.js'
import { arraysOf, epochMs, type RowOf, run } from '../connection/statement.js'

const readExamples = jsonColumn('outflow.alert_buckets.examples', z.array(alertExampleSchema).readonly())

/** Returns a pipeline's buckets that are due at a time, and the given ones. */
export async function alertBuckets(
  db: Queryable,
  query: {
    readonly pipeline: string
    readonly dueBy: Date
    readonly named: readonly Pick<AlertBucket, 'kind' | 'subject'>[]
  },
): Promise<readonly AlertBucket[]> {
  const rows = await run<RowOf<AlertBucket, { readonly examples: unknown }>>(db, {
    name: 'alert_buckets',
    text: `
      select kind, subject, ${epochMs('opens_at')} as "opensAtMs", ${epochMs('closes_at')} as "closesAtMs", allowance, sent, count,
             severity, first_id as "firstId", ${epochMs('first_at')} as "firstAtMs", ${epochMs('last_at')} as "lastAtMs", examples
      from outflow.alert_buckets
      where pipeline = $1
        and (closes_at <= $2
             or (kind, subject_md5) in (select kind, md5(subject) from unnest($3::text[], $4::text[]) as named (kind, subject)))`,
    values: [query.pipeline, query.dueBy, ...arraysOf(query.named, 'kind', 'subject')],
  })
  return rows.map((row) => ({
    ...row,
    examples: readExamples(row.examples, `${query.pipeline}, ${row.kind} ${row.subject}`),
  }))
}

/** Deletes the closed buckets, and inserts or updates the open ones. */
export async function updateAlertBuckets(
  db: Queryable,
  pipeline: string,
  { closed, open }: { readonly closed: readonly AlertBucket[]; readonly open: readonly AlertBucket[] },
): Promise<void> {
  if (closed.length > 0) await deleteAlertBuckets(db, pipeline, closed)
  if (open.length > 0) await writeAlertBuckets(db, pipeline, open)
}

async function deleteAlertBuckets(db: Queryable, pipeline: string, closed: readonly AlertBucket[]): Promise<void> {
  await run(db, {
    name: 'delete_alert_buckets',
    text: `
      delete from outflow.alert_buckets
      using unnest($2::text[], $3::text[]) as closed (kind, subject)
      where pipeline = $1 and alert_buckets.kind = closed.kind and subject_md5 = md5(closed.subject)`,
    values: [pipeline, ...arraysOf(closed, 'kind', 'subject')],
  })
}

async function writeAlertBuckets(db: Queryable, pipeline: string, open: readonly AlertBucket[]): Promise<void> {
  await run(db, {
    name: 'write_alert_buckets',
    text: `
      insert into outflow.alert_buckets (pipeline, kind, subject, opens_at, closes_at, allowance, sent, count, severity,
                                         first_id, first_at, last_at, examples)
      select $1, kind, subject, to_timestamp("opensAtMs" / 1000), to_timestamp("closesAtMs" / 1000), allowance, sent, count,
             severity, "firstId", to_timestamp("firstAtMs" / 1000), to_timestamp("lastAtMs" / 1000), examples
      from jsonb_to_recordset($2::jsonb) as bucket (
        kind text, subject text, "opensAtMs" float8, "closesAtMs" float8, allowance integer, sent integer, count integer,
        severity text, "firstId" text, "firstAtMs" float8, "lastAtMs" float8, examples jsonb
      )
      on conflict (pipeline, kind, subject_md5) do update
      set opens_at = excluded.opens_at, closes_at = excluded.closes_at, allowance = excluded.allowance, sent = excluded.sent,
          count = excluded.count, severity = excluded.severity, first_id = excluded.first_id, first_at = excluded.first_at,
          last_at = excluded.last_at, examples = excluded.examples`,
    values: [pipeline, plainJson(open)],
  })
}
