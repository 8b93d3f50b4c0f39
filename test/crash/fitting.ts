import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from '@outflow/store'
import { currentShadow, failGate, listModels } from '@outflow/store/models'
import { listFits, requestRetrain, waitingRequest } from '@outflow/store/training'

const LOOK_EVERY_MS = 500

/** Requests models continuously and ends each shadow soon: the trainer always has a fit, a gate or a shadow in progress. */
export function keepFitting(pool: Pool, pipeline: string): { stop(): Promise<void> } {
  let isStopped = false
  const look = async () => {
    if ((await waitingRequest(pool, pipeline)) === null)
      await requestRetrain(pool, { pipeline, by: 'test', why: 'again' })
    const shadow = await currentShadow(pool, pipeline)
    if (shadow !== null && shadow.elapsedMs > 2_000)
      await failGate(pool, { pipeline, id: shadow.id, metrics: { ...shadow.metrics, passed: false } })
  }
  const run = async () => {
    while (!isStopped) {
      // Postgres may be down.
      await look().catch(() => {})
      await sleep(LOOK_EVERY_MS)
    }
  }
  const done = run()
  return {
    stop: () => {
      isStopped = true
      return done
    },
  }
}

/** Outcomes of the fits, and what remains of a trainer that has stopped. */
export async function leftByTrainer(pool: Pool, pipeline: string, activeId: string) {
  const fits: Record<string, number> = {}
  for (const { state } of await listFits(pool, { pipeline, limit: 10_000 })) fits[state] = (fits[state] ?? 0) + 1
  const active = (await listModels(pool, pipeline)).filter(({ state }) => state === 'active').map(({ id }) => id)
  const { rows } = await pool.query('select name from outflow.leaderships where name like $1', [
    `outflow-%-${pipeline}`,
  ])
  const violations = [
    ...(active.join() === activeId ? [] : [`active: ${active.join() || 'none'}`]),
    ...(fits.running ? [`${fits.running} fits are still running`] : []),
    ...rows.map(({ name }) => `${name} is still led`),
  ]
  return { fits, violations }
}
