import type { Config } from '@outflow/contracts'
import type { DriftChart } from '@outflow/detector'

/**
 * The charts whose drift triggers a fit. Scores that become too normal, as with a stuck sensor, are reported but trigger no fit: a
 * model fitted to them would find too many anomalies once the sensor is fixed. If they stay so, a scheduled fit learns them.
 */
export const FIT_CHARTS: readonly DriftChart[] = ['less likely', 'more spread', 'new value']

export interface WindowFromOptions {
  readonly training: Pick<Config['training'], 'window' | 'minRows'>
  readonly now: number
  /** The newest alarm of these charts; null: none. */
  readonly drift: { readonly changedMs: number; readonly notedMs: number } | null
  /** Whether a fit that produced a model has begun since. */
  readonly hasFitSince: (sinceMs: number) => boolean
  /** Number of records from a time on. */
  readonly countFrom: (fromMs: number) => Promise<number>
}

/**
 * Returns where the window of the next fit begins: at the last change of the stream, if there are enough records since. Records from
 * before the change no longer represent the stream. `isDrifted`: drift makes a fit due.
 */
export async function windowFrom({ training, now, drift, hasFitSince, countFrom }: WindowFromOptions) {
  const wholeMs = now - training.window
  if (drift === null || drift.changedMs <= wholeMs) return { fromMs: wholeMs, isDrifted: false }
  const hasEnough = (await countFrom(drift.changedMs)) >= training.minRows
  // A time after now is of a clock that was ahead, and no fit would follow the alarm until then.
  const notedMs = drift.notedMs <= now ? drift.notedMs : drift.changedMs
  return { fromMs: hasEnough ? drift.changedMs : wholeMs, isDrifted: hasEnough && !hasFitSince(notedMs) }
}
