import { z } from 'zod'
import { duration } from './units.js'
import { parseWeek, weekSpans } from './week.js'
import { timeZone } from './zone.js'

/** Longer ones would be forgotten by people before they end. */
const LONGEST_MS = 30 * 86_400_000
const span = duration.refine((ms) => ms <= LONGEST_MS, 'allowed: 30d at most')

export const cooldownSchema = span.describe(
  'After an alert of a key, how long others of it that are no more severe are hidden',
)

/** Gathers a storm of alerts into one. */
export const groupingSchema = z.strictObject({
  window: span.describe('How long alerts are counted from the first one on, and gathered when they are many'),
  perKey: z.int().min(1).default(3).describe('How many alerts of one key in a window go by themselves'),
  perReason: z.int().min(1).default(10).describe('How many alerts of one main reason in a window go by themselves'),
})

/** When alerts wait for the morning. */
export const quietHoursSchema = z.strictObject({
  when: weekSpans
    .refine((text) => parseWeek(text)?.includes(0) ?? true, 'allowed: less than the whole week')
    .describe('Days, times or both, such as "mon-fri 22:00-07:00; sat,sun"'),
  zone: timeZone.default('UTC').describe('Whose clocks they go by'),
  below: z
    .enum(['medium', 'high'])
    .default('high')
    .describe('Alerts less severe than this wait, and are summed up in one at the end'),
})
