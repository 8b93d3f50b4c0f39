import type { Client } from '@outflow/store'
import { marksBetween } from '@outflow/store/pipelines'
import type { Overview } from './api/index.js'

/** More than fit on a time axis. */
const MAX_MARKS = 100

/** Returns the events of a pipeline in a span, for a time axis. */
export async function readMarks(
  db: Client,
  span: { readonly pipeline: string; readonly from: Date; readonly to: Date },
): Promise<Overview['marks']> {
  const marks = await marksBetween(db, { ...span, limit: MAX_MARKS })
  return marks.map(({ at, ...mark }) => ({ ...mark, at: at.toISOString() }))
}
