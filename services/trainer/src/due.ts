import { isDeepStrictEqual } from 'node:util'
import { type Config, type ModelMetadata, scheduledAfter } from '@outflow/contracts'
import type { ModelSummary } from '@outflow/store/models'

/** When the next fit is due, and what makes it so. */
export interface Due {
  /** ms from now; 0: at once. */
  readonly inMs: number
  readonly because:
    | 'no model'
    | `asked for by ${string}`
    | 'schedule'
    | 'features changed'
    | 'more records'
    | 'drift'
    | 'verdicts'
}

export interface DueOptions {
  readonly config: Pick<Config, 'features' | 'training'>
  readonly now: number
  /** The newest fit that gave a model, be it one that is known: the same records give the same. null: none. */
  readonly lastFit: LastFit | null
  /** Who asked for a model, and why; null: nobody. */
  readonly request: { readonly by: string; readonly why: string } | null
  /** Whether the scores have drifted, no fit has answered yet, and there are records enough since. */
  readonly isDrifted: boolean
  /** What people said of the active model's anomalies since the newest fit began. */
  readonly verdicts: { readonly ordinary: number; readonly confirmed: number }
  /** Records in the window now. */
  readonly available: number
}

export interface LastFit {
  readonly endedMs: number
  /** Records in its window. */
  readonly seen: number
}

/**
 * Says when a pipeline wants a new model: at once while none is active, the active one was fitted to other features, its
 * scores have drifted, people called twenty of its anomalies ordinary and most of those that they judged, or somebody asks; when the window holds twice the records that the newest fit saw; else by the schedule after the newest
 * fit, whatever became of it, so that one that failed its gate is not repeated at once.
 *
 * @param models  the pipeline's, newest first
 */
export function whenDue(models: readonly ModelSummary[], options: DueOptions): Due {
  const { config, now, lastFit, request, isDrifted, verdicts, available } = options
  const newest = models[0]
  const active = models.find(({ state }) => state === 'active')
  if (request !== null) return { inMs: 0, because: `asked for by ${request.by}: ${request.why}` }
  if (newest === undefined) return { inMs: 0, because: 'no model' }
  const newestMs = Math.max(newest.createdAt.getTime(), lastFit?.endedMs ?? 0)
  if (active === undefined) {
    return { inMs: Math.max(0, newestMs + RETRY_WITHOUT_MODEL_MS - now), because: 'no model' }
  }
  if (newest === active && !sameFeatures(active.metadata, config.features)) {
    return { inMs: 0, because: 'features changed' }
  }
  if (isDrifted) return { inMs: 0, because: 'drift' }
  if (verdicts.ordinary >= MANY_VERDICTS && verdicts.ordinary > verdicts.confirmed) {
    return { inMs: 0, because: 'verdicts' }
  }
  if (lastFit !== null && lastFit.seen < config.training.maxRows && available >= MORE_RECORDS * lastFit.seen) {
    return { inMs: 0, because: 'more records' }
  }
  return { inMs: Math.max(0, scheduledAfter(newestMs, config.training) - now), because: 'schedule' }
}

/** The same window gives the same model: after a first one that failed its gate, records must arrive before another has a chance. */
const RETRY_WITHOUT_MODEL_MS = 60_000
/** Fewer may be one person's afternoon; more are not asked of anybody. */
const MANY_VERDICTS = 20
/** Doubling keeps the fits of a new pipeline few: seven from 2,000 records to 200,000. */
const MORE_RECORDS = 2

export function sameFeatures(metadata: ModelMetadata | null, features: Config['features']): boolean {
  // Not by their text: jsonb keeps no order of keys.
  return isDeepStrictEqual(metadata?.features, JSON.parse(JSON.stringify(features)))
}
