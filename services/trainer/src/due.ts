import { isDeepStrictEqual } from 'node:util'
import type { Config } from '@outflow/contracts'
import type { ModelSummary } from '@outflow/store'

/** When the next fit is due, and what makes it so. */
export interface Due {
  /** ms from now; 0: at once. */
  readonly inMs: number
  readonly because: 'no model' | 'schedule' | 'features changed'
}

export interface DueOptions {
  readonly config: Pick<Config, 'features' | 'training'>
  readonly now: number
  /** When this process last fitted a model; null: never. The same records give the same model, and no newer row. */
  readonly lastFitMs: number | null
}

/**
 * Says when a pipeline wants a new model: at once while none is active or the active one was fitted to other features,
 * else `training.every` after the newest fit, whatever became of it, so that a rejected one is not repeated at once.
 *
 * @param models  the pipeline's, newest first
 */
export function whenDue(models: readonly ModelSummary[], { config, now, lastFitMs }: DueOptions): Due {
  const newest = models[0]
  const active = models.find(({ state }) => state === 'active')
  if (newest === undefined) return { inMs: 0, because: 'no model' }
  const sinceNewestMs = now - Math.max(newest.createdAt.getTime(), lastFitMs ?? 0)
  if (active === undefined) {
    return { inMs: Math.max(0, RETRY_WITHOUT_MODEL_MS - sinceNewestMs), because: 'no model' }
  }
  if (newest === active && lastFitMs === null && !sameFeatures(active.metadata, config.features))
    return { inMs: 0, because: 'features changed' }
  return { inMs: Math.max(0, config.training.every - sinceNewestMs), because: 'schedule' }
}

/** The same window gives the same model: after a rejected first one, records must arrive before another has a chance. */
const RETRY_WITHOUT_MODEL_MS = 60_000

function sameFeatures(metadata: unknown, features: Config['features']): boolean {
  const fitted = (metadata as { readonly features?: unknown } | null)?.features
  // Not by their text: jsonb keeps no order of keys.
  return isDeepStrictEqual(fitted, JSON.parse(JSON.stringify(features)))
}
