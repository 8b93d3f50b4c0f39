import type { Config } from '../config/config.js'
import type { ModelMetadata } from '../model/model-metadata.js'
import { LONGEST_DAYS } from '../time-range.js'

/**
 * Describes a provisional model; null for a full one.
 *
 * @returns what: such as `provisional model (180 records); its anomalies are not alerted`;
 *   next: requirements of a full model, and how to meet them
 */
export function describeProvisional(
  { provisional, training: { rows }, recordsPerDay }: ModelMetadata,
  { training: { minRows, window }, alerts }: Pick<Config, 'training' | 'alerts'>,
) {
  if (!provisional) return null
  const what = `provisional model (${count(rows)} records)${alerts.provisional ? '' : '; its anomalies are not alerted'}`
  const inWindow = recordsPerDay ? Math.floor((recordsPerDay * window) / DAY_MS) : minRows
  if (inWindow >= minRows) {
    // Also true after a rollback to a provisional model, when the window has enough records and the next fit follows the schedule.
    const next = `the next fit with ${count(minRows)} records in its window gives a full model; \`outflow retrain\` starts it once they are there`
    return { what, next }
  }
  const days = Math.ceil(minRows / recordsPerDay!)
  return {
    what,
    next:
      `a full model needs ${count(minRows)} records, and training.window holds about ${count(inWindow)}: ` +
      `${days > LONGEST_DAYS ? '' : `set it to ${days}d or more, or `}lower training.minRows`,
  }
}

const DAY_MS = 86_400_000

const count = (value: number) => value.toLocaleString('en')
