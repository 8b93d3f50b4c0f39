import type { Pool } from '@outflow/store'
import { applyRetention } from '@outflow/store/retention'
import { NEVER } from './never.js'

export const DAY_MS = 86_400_000

/** Applies the retention of a pipeline, by default ten days of anomalies and one of the rest, as if it read no topic. */
export const retain = (pool: Pool, pipeline: string, change: Partial<Parameters<typeof applyRetention>[1]> = {}) =>
  applyRetention(pool, {
    ...{ pipeline, anomaliesMs: 10 * DAY_MS, statisticsMs: DAY_MS, windowStatesMs: DAY_MS, topics: [], signal: NEVER },
    ...change,
  })
