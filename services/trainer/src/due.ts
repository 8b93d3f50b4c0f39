import { type Config, type ModelMetadata, scheduledAfter } from '@outflow/contracts'
import { sameFeatures } from '@outflow/detector'
import type { ModelSummary } from '@outflow/store/models'

/** When the next fit is due, and why. */
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
  /** The newest fit that produced a model, including one that was already stored (the same records give the same model). null: none. */
  readonly lastFit: LastFit | null
  /** The pending request for a model; null: none. */
  readonly request: { readonly by: string; readonly why: string } | null
  /** Whether the scores have drifted, no fit has followed yet, and there are enough records since. */
  readonly isDrifted: boolean
  /** Number of verdicts on the active model's anomalies since the newest fit began; dismissed: false alarms and expected ones. */
  readonly verdicts: { readonly dismissed: number; readonly confirmed: number }
  /** Offsets now in the window. */
  readonly available: number
}

export interface LastFit {
  /** The model that it gave. */
  readonly modelId: string
  readonly endedMs: number
  /** Offsets in its window. */
  readonly offsets: number
  /** Records in its window. */
  readonly seen: number
  /** Good records, to which it was fitted or with which it was checked. */
  readonly good: number
}

/**
 * Returns when the next fit is due: at once by one of the triggers in the README, else by the schedule. That is counted from the newest fit
 * with any outcome, so that one that failed its gate is not repeated at once, also if no model is active.
 *
 * @param models  of the pipeline, newest first
 */
export function whenDue(models: readonly ModelSummary[], options: DueOptions): Due {
  const { config, now, lastFit, request, isDrifted, verdicts, available } = options
  const newest = models[0]
  const active = models.find(({ state }) => state === 'active')
  if (request !== null) return { inMs: 0, because: `asked for by ${request.by}: ${request.why}` }
  if (newest === undefined) return { inMs: 0, because: 'no model' }
  const newestFitted = models.find(({ metadata }) => !metadata?.calibration.labels) ?? newest
  // A time after the next scheduled one is of a clock that was ahead, and no fit would be due until then.
  const nextMs = scheduledAfter(now, config.training)
  const newestMs = Math.max(
    0,
    ...[newestFitted.createdAt.getTime(), lastFit?.endedMs ?? 0].filter((ms) => ms <= nextMs),
  )
  const ofLastFit = models.find(({ id }) => id === lastFit?.modelId) ?? newest
  if ([active, ofLastFit].every((model) => !sameFeatures(model?.metadata ?? null, config.features))) {
    return { inMs: 0, because: 'features changed' }
  }
  if (isDrifted) return { inMs: 0, because: 'drift' }
  if (verdicts.dismissed >= MANY_VERDICTS && verdicts.dismissed > verdicts.confirmed) {
    return { inMs: 0, because: 'verdicts' }
  }
  if (lastFit !== null && available >= wantedOffsets(lastFit, config.training, ofLastFit.metadata)) {
    return { inMs: 0, because: 'more records' }
  }
  return { inMs: Math.max(0, scheduledAfter(newestMs, config.training) - now), because: 'schedule' }
}

/**
 * Number of offsets in the window that makes a fit due. After a provisional model as many are enough as should have minRows good records
 * among them, by their share in its window.
 */
function wantedOffsets(
  { offsets, seen, good }: LastFit,
  { minRows, maxRows }: Config['training'],
  metadata: ModelMetadata | null,
): number {
  if (seen >= maxRows) return Number.POSITIVE_INFINITY
  const ofFullModel = metadata?.provisional ? Math.ceil((minRows * offsets) / good) : Number.POSITIVE_INFINITY
  return Math.min(MORE_RECORDS * offsets, ofFullModel)
}

/** Fewer may come from one person at one time; more are too many to require. */
const MANY_VERDICTS = 20
/** Doubling keeps the fits of a new pipeline few: seven from 2,000 records to 200,000. */
const MORE_RECORDS = 2
