import type { Client } from '@outflow/store'
import { marksBetween } from '@outflow/store/pipelines'
import type { Overview } from './api/index.js'

/** More than fit side by side on a time axis. */
const PARTS = 100

/** Returns the events of a pipeline in a span, for a time axis. */
export async function readMarks(
  db: Client,
  span: { readonly pipeline: string; readonly from: Date; readonly to: Date },
): Promise<Overview['marks']> {
  const marks = await marksBetween(db, { ...span, parts: PARTS })
  return marks.map(({ at, firstAt, ...mark }) => ({ ...mark, at: at.toISOString(), firstAt: firstAt.toISOString() }))
}
