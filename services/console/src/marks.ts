import type { Client } from '@outflow/store'
import { marksBetween } from '@outflow/store/pipelines'
import type { Overview } from './api/index.js'

/** More than a time axis has room for. */
const MOST_MARKS = 100

/** Returns what happened to a pipeline in a span, for a time axis. */
export async function readMarks(
  db: Client,
  span: { readonly pipeline: string; readonly from: Date; readonly to: Date },
): Promise<Overview['marks']> {
  const marks = await marksBetween(db, { ...span, limit: MOST_MARKS })
  return marks.map(({ at, ...mark }) => ({ ...mark, at: at.toISOString() }))
}
