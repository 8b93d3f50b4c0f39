import type { Queryable } from './pool.js'
import { run } from './statement.js'

/** Which leader: one of each per pipeline. */
export type LeadingService = 'trainer' | 'alerts'

/** Notes that a pipeline's leader lives. */
export async function beat(
  db: Queryable,
  { pipeline, service }: { readonly pipeline: string; readonly service: LeadingService },
): Promise<void> {
  await run(db, {
    name: 'beat',
    text: `
      insert into outflow.heartbeats (pipeline, service) values ($1, $2)
      on conflict (pipeline, service) do update set beat_at = now()`,
    values: [pipeline, service],
  })
}
