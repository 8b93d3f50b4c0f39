import { type AlertBucket, alertBucketSchema } from '@outflow/contracts'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { plainJson } from '../connection/postgres-text.js'
import { arraysOf, run } from '../connection/statement.js'

const readBucket = jsonColumn('outflow.alert_buckets.bucket', alertBucketSchema)

/** Returns a pipeline's buckets that are due at a time, and the given ones. */
export async function alertBuckets(
  db: Queryable,
  query: {
    readonly pipeline: string
    readonly dueBy: Date
    readonly named: readonly Pick<AlertBucket, 'kind' | 'subject'>[]
  },
): Promise<readonly AlertBucket[]> {
  const rows = await run<{ bucket: unknown }>(db, {
    name: 'alert_buckets',
    text: `
      select bucket
      from outflow.alert_buckets
      where pipeline = $1
        and (closes_at <= $2
             or (kind, subject_md5) in (select kind, md5(subject) from unnest($3::text[], $4::text[]) as named (kind, subject)))`,
    values: [query.pipeline, query.dueBy, ...arraysOf(query.named, 'kind', 'subject')],
  })
  return rows.map(({ bucket }) => readBucket(bucket, query.pipeline))
}

/** Deletes the closed buckets, and inserts or updates the open ones. */
export async function updateAlertBuckets(
  db: Queryable,
  pipeline: string,
  { closed, open }: { readonly closed: readonly AlertBucket[]; readonly open: readonly AlertBucket[] },
): Promise<void> {
  if (closed.length > 0) {
    await run(db, {
      name: 'delete_alert_buckets',
      text: `
        delete from outflow.alert_buckets
        using unnest($2::text[], $3::text[]) as closed (kind, subject)
        where pipeline = $1 and alert_buckets.kind = closed.kind and subject_md5 = md5(closed.subject)`,
      values: [pipeline, ...arraysOf(closed, 'kind', 'subject')],
    })
  }
  if (open.length > 0) {
    await run(db, {
      name: 'write_alert_buckets',
      text: `
        insert into outflow.alert_buckets (pipeline, bucket)
        select $1, bucket from jsonb_array_elements($2::jsonb) as bucket
        on conflict (pipeline, kind, subject_md5) do update set bucket = excluded.bucket`,
      values: [pipeline, plainJson(open)],
    })
  }
}
