import { type FitReport, fitReportSchema } from '@outflow/contracts'
import { jsonColumn } from '../connection/json-column.js'
import type { Queryable } from '../connection/pool.js'
import { jsonbText } from '../connection/postgres-text.js'
import { type RowOf, run, runValue } from '../connection/statement.js'

export type FitState = 'running' | 'shadow' | 'promoted' | 'failed_gate' | 'known' | 'failed' | 'abandoned'

const readReport = jsonColumn('outflow.fits.report', fitReportSchema)

/** The report of one fit. */
export interface StoredFit {
  readonly id: string
  /** The cause of the fit. */
  readonly because: string
  readonly state: FitState
  /** null until the fit has produced one. */
  readonly modelId: string | null
  /** The model that was active when the fit began. */
  readonly incumbentId: string | null
  readonly step: number
  readonly maxSteps: number | null
  readonly report: FitReport
  readonly startedAt: Date
  readonly endedAt: Date | null
}

/**
 * Closes the reports that a trainer left open when it died, or could not close, and makes their requests pending again. Call it only in
 * the leading trainer between fits.
 */
export async function abandonFits(db: Queryable, pipeline: string): Promise<void> {
  await run(db, {
    name: 'abandon_fits',
    text: `
      with abandoned as (
        update outflow.fits set state = 'abandoned', ended_at = now(), updated_at = now()
        where pipeline = $1 and state = 'running'
        returning id
      )
      update outflow.retrain_requests set fit_id = null
      where fit_id in (select id from abandoned)`,
    values: [pipeline],
  })
}

/** Opens a report. @returns its id */
export async function startFit(
  db: Queryable,
  fit: Pick<StoredFit, 'because' | 'incumbentId' | 'report'> & { readonly pipeline: string },
): Promise<string> {
  return runValue(db, {
    name: 'start_fit',
    text: `
      insert into outflow.fits (pipeline, because, incumbent_id, report)
      values ($1, $2, $3, $4)
      returning id::text`,
    values: [fit.pipeline, fit.because, fit.incumbentId, jsonbText(fit.report)],
  })
}

/** Stores the progress of a fit. */
export async function noteFitStep(
  db: Queryable,
  { id, step, maxSteps }: { readonly id: string; readonly step: number; readonly maxSteps: number },
): Promise<void> {
  await run(db, {
    name: 'note_fit_step',
    text: `
      update outflow.fits set step = $2, max_steps = $3, updated_at = now()
      where id = $1 and state = 'running'`,
    values: [id, step, maxSteps],
  })
}

/** Closes a report; the requests of a failed fit become pending again. */
export async function endFit(
  db: Queryable,
  fit: Pick<StoredFit, 'id' | 'modelId' | 'report'> & { readonly state: Exclude<FitState, 'running'> },
): Promise<void> {
  await run(db, {
    name: 'end_fit',
    text: `
      with ended as (
        update outflow.fits
        set state = $2, model_id = $3, report = $4, step = coalesce(($4::jsonb -> 'fit' ->> 'steps')::integer, step),
            ended_at = now(), updated_at = now()
        where id = $1
        returning id, state
      )
      update outflow.retrain_requests set fit_id = null
      where fit_id in (select id from ended where state in ('failed', 'abandoned'))`,
    values: [fit.id, fit.state, fit.modelId, jsonbText(fit.report)],
  })
}

/** Closes the fit of a shadow with the outcome of its model. */
export async function closeFitsOf(
  db: Queryable,
  { pipeline, id }: { readonly pipeline: string; readonly id: string },
  state: 'promoted' | 'failed_gate',
): Promise<void> {
  await run(db, {
    name: 'close_fits_of_model',
    text: `
      update outflow.fits set state = $3, updated_at = now()
      where pipeline = $1 and model_id = $2 and state = 'shadow'`,
    values: [pipeline, id, state],
  })
}

/** Returns the report of a fit; null: none has the id. */
export async function fitById(db: Queryable, id: string): Promise<StoredFit | null> {
  const [row] = await run<FitRow>(db, {
    name: 'fit_by_id',
    text: `select ${COLUMNS} from outflow.fits where id = $1`,
    values: [id],
  })
  return row === undefined ? null : storedFit(row)
}

/** Returns a pipeline's fits, newest first; of `modelId`, if given, those that made it, without those of the same records that gave it again. */
export async function listFits(
  db: Queryable,
  { pipeline, modelId = null, limit = 100 }: { pipeline: string; modelId?: string | null; limit?: number },
): Promise<readonly StoredFit[]> {
  const rows = await run<FitRow>(db, {
    name: 'list_fits',
    text: `
      select ${COLUMNS}
      from outflow.fits
      where pipeline = $1 and ($2::text is null or (model_id = $2 and state <> 'known'))
      order by fits.id desc
      limit $3`,
    values: [pipeline, modelId, limit],
  })
  return rows.map(storedFit)
}

type FitRow = RowOf<StoredFit, { readonly report: unknown }>

const COLUMNS = `
  id::text, because, state, model_id as "modelId", incumbent_id as "incumbentId", step, max_steps as "maxSteps", report,
  started_at as "startedAt", ended_at as "endedAt"`

const storedFit = (row: FitRow): StoredFit => ({ ...row, report: readReport(row.report, row.id) })
