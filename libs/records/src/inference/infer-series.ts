import type { Feature } from '@outflow/contracts'
import { featureName, PARTITION } from '@outflow/contracts/feature'

/** Records that are one value over time. */
export interface Series {
  readonly value: Extract<Feature, { readonly type: 'numeric' }>
  readonly time: Extract<Feature, { readonly type: 'cyclic' }>
  readonly records: number
  /** From the earliest to the latest time. */
  readonly spanMs: number
}

/**
 * Infers the features of one value over time: the value, its standard deviation in two windows before the record, and the time of day if
 * the records span 14 days. Windows of at most a week have too few records if these are more than a week / 4 apart, and are omitted.
 *
 * The windows are 0.3 % and 1 % of the span. An alert rate of 1 % needs a hundred windows to compare with; with longer windows a third of
 * the later, normal rows of a short series are anomalies (docs/design/accuracy.md).
 */
export function inferSeries({ value, time, records, spanMs }: Series): {
  readonly features: readonly Feature[]
  /** Why the time is not a feature; null: it is one. */
  readonly timeLeftOut: string | null
} {
  const stepMs = spanMs / (records - 1)
  const isDense = FEWEST_RECORDS * stepMs <= MOST_DAYS * DAY_MS
  const lengths = (isDense ? WINDOWS : []).map(({ share, fewest }) =>
    lengthOf(Math.max(share * spanMs, fewest * stepMs)),
  )
  const windows = [...new Set(lengths)].map(
    (over): Feature => ({
      type: 'window',
      name: `${featureName(value).replaceAll(/[.[\]$]/g, '_')} std ${over}`,
      aggregate: 'std',
      of: value.path,
      over,
      by: PARTITION,
      at: time.path,
      scale: 'log',
    }),
  )
  const days = spanMs / DAY_MS
  if (days >= FEWEST_DAYS) return { features: [time, value, ...windows], timeLeftOut: null }
  const timeLeftOut = `the records span ${days.toFixed(1)} days, and ${FEWEST_DAYS} are needed to learn what is usual at an hour`
  return { features: [value, ...windows], timeLeftOut }
}

/** Fewer records give a poor estimate of a standard deviation. */
const FEWEST_RECORDS = 4
/** As shares of the span, and in records. */
const WINDOWS = [
  { share: 0.003, fewest: FEWEST_RECORDS },
  { share: 0.01, fewest: 12 },
] as const
const FEWEST_DAYS = 14
/** The longest window of the configuration. */
const MOST_DAYS = 7
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** The length of a window in the form of the configuration, 1m to 7d. */
function lengthOf(ms: number): string {
  if (ms < 2 * HOUR_MS) return `${Math.max(1, Math.round(ms / MINUTE_MS))}m`
  if (ms < 2 * DAY_MS) return `${Math.round(ms / HOUR_MS)}h`
  return `${Math.min(MOST_DAYS, Math.round(ms / DAY_MS))}d`
}
