import type { Queryable } from '../connection/pool.js'
import { run, runValue } from '../connection/statement.js'

/** Requests a new model, and notifies `outflow_training`. @returns the request's id */
export async function requestRetrain(
  db: Queryable,
  request: { readonly pipeline: string; readonly by: string; readonly why: string },
): Promise<string> {
  return runValue(db, {
    name: 'request_retrain',
    text: `
      insert into outflow.retrain_requests (pipeline, requested_by, why)
      values ($1, $2, $3)
      returning id::text, pg_notify('outflow_training', $1)`,
    values: [request.pipeline, request.by, request.why],
  })
}

/** Returns the newest pending request; null: none. */
export async function waitingRequest(
  db: Queryable,
  pipeline: string,
): Promise<{ readonly by: string; readonly why: string } | null> {
  const [row] = await run<{ by: string; why: string }>(db, {
    name: 'waiting_request',
    text: `
      select requested_by as by, why from outflow.retrain_requests
      where pipeline = $1 and fit_id is null
      order by id desc limit 1`,
    values: [pipeline],
  })
  return row ?? null
}

/** Assigns a fit to every pending request; later requests need another fit. */
export async function assignFit(
  db: Queryable,
  { pipeline, fitId }: { readonly pipeline: string; readonly fitId: string },
): Promise<void> {
  await run(db, {
    name: 'assign_fit',
    text: `update outflow.retrain_requests set fit_id = $2 where pipeline = $1 and fit_id is null`,
    values: [pipeline, fitId],
  })
}

/** Returns the fit assigned to a request; null while it is pending. */
export async function fitOfRequest(db: Queryable, id: string): Promise<string | null> {
  return runValue(db, {
    name: 'fit_of_request',
    text: `select fit_id::text from outflow.retrain_requests where id = $1`,
    values: [id],
  })
}
