import type { Pool } from '@outflow/store'
import { describe, it } from 'vitest'
import { randomOf } from '../fuzz/random.js'
import { Scheduler } from '../simulation/scheduler.js'
import { SimulatedPostgres } from '../simulation/simulated-postgres.js'
import { replaceRuntime } from '../simulation/simulated-runtime.js'
import { pool as realPool } from './a-pool.js'
import { beginPartition } from './begin-partition.js'
import { aPipeline, TOPIC } from './stored-batches.js'

/** A test of the store. It gets a pipeline whose first partition begins at 0. */
export type StoreCase = (pool: Pool, pipeline: string) => Promise<void>

/** Declares two tests per case: in Postgres, and in the simulation. */
export function holdsInBoth(cases: Readonly<Record<string, StoreCase>>): void {
  describe.each(Object.entries(cases))('%s', (_, check) => {
    it('in Postgres', async () => check(realPool, await aPipeline()))
    it('in the simulation', () => inSimulation(check))
  })
}

async function inSimulation(check: StoreCase): Promise<void> {
  const scheduler = new Scheduler(randomOf(1, 'store', 0), () => {})
  const faults = { late: 0, requestLost: 0, answerLost: 0 }
  const postgres = new SimulatedPostgres({
    scheduler,
    faults,
    refused: { oneIn: 0 },
    crashes: false,
    crashesAfterCommit: { oneIn: 0 },
  })
  const process = scheduler.makeProcess('test')
  const pool = postgres.openPool(process)
  let settled: (() => void) | null = null
  const done = new Promise<void>((resolve, reject) => {
    scheduler.after(0, process, () => {
      beginPartition(pool, { pipeline: 'p', topic: TOPIC })
        .then(() => check(pool, 'p'))
        .then(
          () => (settled = resolve),
          (error: unknown) => (settled = () => reject(error)),
        )
    })
  })
  const restore = replaceRuntime(scheduler)
  try {
    await scheduler.run(() => settled !== null)
  } finally {
    restore()
  }
  settled!()
  return done
}
