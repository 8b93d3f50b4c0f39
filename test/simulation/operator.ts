import { isRetryable } from '@outflow/errors'
import { NoEarlierModel } from '@outflow/store'
import { noteRecalibration, promoteModel, rollBackModel } from '@outflow/store/models'
import { addSuppression, removeSuppression } from '@outflow/store/suppressions'
import { requestRetrain } from '@outflow/store/training'
import type { Random } from '../fuzz/random.js'
import { KEYS } from './feed.js'
import type { Plan } from './plan.js'
import type { Surroundings } from './services.js'
import type { SimulatedPostgres } from './simulated-postgres.js'

const RULE_MS = 60_000
/** Too small a shift of the odds to change a decision: no record's p is near the alert rate. */
const LARGEST_SHIFT = 1

/** Executes one action of an operator in a process of its own, as the CLI does. */
export function operate({ scheduler, postgres, config, violated }: Surroundings, plan: Plan): void {
  const { random, nowMs } = scheduler
  const { pipeline } = config
  const process = scheduler.makeProcess('operator')
  const pool = postgres.openPool(process)
  const by = 'operator'
  const acts: readonly (() => Promise<unknown>)[] = [
    () => requestRetrain(pool, { pipeline, by, why: 'asked to' }),
    async () => {
      const id = pickModel(random, postgres)
      if (id !== null) await promoteModel(pool, { pipeline, id, by, why: 'asked to' })
    },
    () => rollBackModel(pool, { pipeline, by, why: 'asked to' }),
    async () => {
      const active = activeIn(postgres)
      if (active === null || 'fdr' in plan.detection) return
      const shift = (random.below(3) - 1) * LARGEST_SHIFT
      const recalibration = { at: [0, 10], shift: [shift, shift] }
      await noteRecalibration(pool, { pipeline, modelId: active, recalibration, factor: 1, until: new Date(nowMs) })
    },
    () => {
      const rule = { ...ANY, entity: random.pick(KEYS), expiresAt: new Date(nowMs + random.below(RULE_MS)) }
      return addSuppression(pool, { pipeline, rule, why: 'known', by })
    },
    async () => {
      const [id] = postgres.tables.suppressions.keys()
      if (id !== undefined) await removeSuppression(pool, { pipeline, id: String(id), by })
    },
  ]
  scheduler.after(0, process, () => {
    random
      .pick(acts)()
      .catch((error: Error) => {
        if (!isRetryable(error) && !(error instanceof NoEarlierModel))
          violated(`an operator met a defect: ${error.stack}`)
      })
      .finally(() => pool.end())
  })
}

const ANY = { field: null, direction: null, range: null, timeOfWeek: null, zone: 'UTC' } as const

function activeIn({ tables }: SimulatedPostgres): string | null {
  return [...tables.models.values()].find(({ state }) => state === 'active')?.id ?? null
}

/** Picks a model that passed its gate, also one that was rolled back. */
function pickModel(random: Random, { tables }: SimulatedPostgres): string | null {
  const sound = [...tables.models.values()].filter(({ metrics }) => metrics.passed)
  return sound.length === 0 ? null : random.pick(sound).id
}
