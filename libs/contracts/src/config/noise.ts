import { z } from 'zod'
import { timeZone } from '../feature/time-zone-schema.js'
import { parseWeek, weekSpans } from '../week.js'
import { duration } from './units.js'

/** Users would forget a longer span before it ends. */
const LONGEST_MS = 30 * 86_400_000
const span = duration.refine((ms) => ms <= LONGEST_MS, 'allowed: 30d at most')

export const cooldownSchema = span.describe(
  'After an alert of a key, how long further alerts of it that are not more severe are hidden',
)

/** Combines many alerts into one. */
export const groupingSchema = z.strictObject({
  bucket: span.describe('Length of a bucket, from its first alert'),
  perKey: z.int().min(1).default(3).describe('Alerts of one key in a bucket that are sent alone'),
  perReason: z.int().min(1).default(10).describe('Alerts of one main reason in a bucket that are sent alone'),
})

/** Times at which less severe alerts are delayed. */
export const quietHoursSchema = z.strictObject({
  when: weekSpans
    .refine((text) => parseWeek(text)?.includes(0) ?? true, 'allowed: less than the whole week')
    .describe('Days, times or both, such as "22:00-07:00; sat,sun"'),
  zone: timeZone.default('UTC').describe('IANA time zone'),
  below: z
    .enum(['medium', 'high'])
    .default('high')
    .describe('Alerts less severe than this are held back, and summarised at the end'),
})
