import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import { openHealthEvents } from './health-events.js'

/** A leading relay checks every few seconds; without a check for this time there is no leader. */
const UNWATCHED_MS = 60_000

/**
 * Readiness check: reports the open health events of a pipeline.
 *
 * @param unready  the kinds that make this service unready; the others are only reported
 */
export async function healthEventsCheck(
  db: Queryable,
  { pipeline, unready = [] }: { readonly pipeline: string; readonly unready?: readonly string[] },
): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const [watch] = await run<{ age_ms: number }>(db, {
    name: 'watch_age',
    text: `
      select extract(epoch from now() - beat_at)::float8 * 1000 as age_ms
      from outflow.heartbeats where pipeline = $1 and service = 'alerts'`,
    values: [pipeline],
  })
  // Without a checking relay, open events may have ended long ago.
  if (watch === undefined || watch.age_ms > UNWATCHED_MS) {
    return { ok: true, detail: 'warning: no `alerts` service has checked this pipeline for a minute' }
  }
  const open = await openHealthEvents(db, pipeline)
  if (open.length === 0) return { ok: true, detail: 'no open health events' }
  const reported = open
    .map(({ kind, begunAt, detail }) => `${kind} since ${begunAt.toISOString()}: ${detail}`)
    .join('; ')
  return open.some(({ kind }) => unready.includes(kind))
    ? { ok: false, detail: reported }
    : { ok: true, detail: `warning: ${reported}` }
}
