import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

interface Heartbeat {
  readonly pipeline: string
  /** The kind of leader; each pipeline has one of each. */
  readonly service: 'trainer' | 'alerts'
  /** Text about what the leader waits for. Default: it does not wait. */
  readonly waitingFor?: string | null
}

/** Stores a heartbeat of a pipeline's leader. */
export async function beat(db: Queryable, { pipeline, service, waitingFor = null }: Heartbeat): Promise<void> {
  await run(db, {
    name: 'beat',
    text: `
      insert into outflow.heartbeats (pipeline, service, waiting_for) values ($1, $2, $3)
      on conflict (pipeline, service) do update set beat_at = now(), waiting_for = excluded.waiting_for`,
    values: [pipeline, service, waitingFor],
  })
}
