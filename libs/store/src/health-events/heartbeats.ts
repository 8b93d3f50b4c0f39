import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

/** Which leader: one of each per pipeline. */
type LeaderService = 'trainer' | 'alerts'

interface Heartbeat {
  readonly pipeline: string
  readonly service: LeaderService
  /** What keeps the leader from its work, in words. Default: nothing does. */
  readonly waitingFor?: string | null
}

/** Stores that a pipeline's leader runs. */
export async function beat(db: Queryable, { pipeline, service, waitingFor = null }: Heartbeat): Promise<void> {
  await run(db, {
    name: 'beat',
    text: `
      insert into outflow.heartbeats (pipeline, service, waiting_for) values ($1, $2, $3)
      on conflict (pipeline, service) do update set beat_at = now(), waiting_for = excluded.waiting_for`,
    values: [pipeline, service, waitingFor],
  })
}
