import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

/** A filter of the list of anomalies that was saved under a name. */
interface SavedView {
  readonly name: string
  /** Search part of the page's address, without the pipeline. */
  readonly search: string
}

/** Returns the saved views of a pipeline, by name. */
export function savedViews(db: Queryable, pipeline: string): Promise<readonly SavedView[]> {
  return run<SavedView>(db, {
    name: 'saved_views',
    text: 'select name, search from outflow.saved_views where pipeline = $1 order by name',
    values: [pipeline],
  })
}

/** Saves a view; it replaces the view of the same name. */
export async function saveView(
  db: Queryable,
  { pipeline, name, search }: SavedView & { readonly pipeline: string },
): Promise<void> {
  await run(db, {
    name: 'save_view',
    text: `
      insert into outflow.saved_views (pipeline, name, search) values ($1, $2, $3)
      on conflict (pipeline, name) do update set search = excluded.search`,
    values: [pipeline, name, search],
  })
}

/** @returns whether there was such a view */
export async function deleteView(
  db: Queryable,
  { pipeline, name }: { readonly pipeline: string; readonly name: string },
): Promise<boolean> {
  const rows = await run(db, {
    name: 'delete_view',
    text: 'delete from outflow.saved_views where pipeline = $1 and name = $2 returning name',
    values: [pipeline, name],
  })
  return rows.length > 0
}
