import type { Config } from '@outflow/contracts'
import type { DriftChart } from '@outflow/detector'

/**
 * The drift that a fit answers. Scores that become too normal, as by a stuck sensor, are reported and not learned: a
 * model that has learned them floods when the sensor is fixed. What stays so is for the schedule.
 */
export const ANSWERED_CHARTS: readonly DriftChart[] = ['less likely', 'more spread', 'new value']

interface WindowFrom {
  /** Epoch ms: where the window of the next fit begins. */
  readonly fromMs: number
  /** Whether drift makes a fit due. */
  readonly isDrifted: boolean
}

export interface WindowFromOptions {
  readonly training: Pick<Config['training'], 'window' | 'minRows'>
  readonly now: number
  /** The newest alarm of those charts; null: none. */
  readonly drift: { readonly changedMs: number; readonly notedMs: number } | null
  /** Whether a fit that gave a model was begun since. */
  readonly isAnswered: (sinceMs: number) => boolean
  /** Records from a time on. */
  readonly countFrom: (fromMs: number) => Promise<number>
}

/**
 * Says where the window of the next fit begins: at the last change of the stream, once there are records enough since. A
 * model of the time before it would be fitted to what is no more; one of too few records to nothing.
 */
export async function windowFrom({
  training,
  now,
  drift,
  isAnswered,
  countFrom,
}: WindowFromOptions): Promise<WindowFrom> {
  const wholeMs = now - training.window
  if (drift === null || drift.changedMs <= wholeMs) return { fromMs: wholeMs, isDrifted: false }
  const hasEnough = (await countFrom(drift.changedMs)) >= training.minRows
  return { fromMs: hasEnough ? drift.changedMs : wholeMs, isDrifted: hasEnough && !isAnswered(drift.notedMs) }
}
