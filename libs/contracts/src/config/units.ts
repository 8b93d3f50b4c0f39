import { Cron } from 'croner'
import { z } from 'zod'
import { attempt } from '../attempt.js'
import { LONGEST_DAYS } from '../time-range.js'

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const

const DURATION = 'a duration such as 30s, 15m, 1h or 7d'

/** As `duration`, or `0s`. */
export const durationOrZero = z
  .string(DURATION)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, DURATION)
  .transform((text) => scale(text, MS))
  .refine((ms) => ms <= LONGEST_DAYS * MS.d, `allowed: ${LONGEST_DAYS}d at most`)

/** A duration such as `250ms`, `30s`, `15m`, `1h` or `7d`, from 1 ms to 3,650 days; parsed to ms. */
export const duration = durationOrZero.refine((ms) => ms > 0, 'allowed: more than 0s')

const WINDOW_LENGTH = 'a duration of 1m to 7d, such as 30m, 1h or 7d'

/** The length of a window, kept as text, so that the metadata of a model contain the text of the configuration. */
export const windowLength = z
  .string(WINDOW_LENGTH)
  .regex(/^\d+(\.\d+)?(m|h|d)$/, { error: WINDOW_LENGTH, abort: true })
  .refine((text) => windowMs(text) >= MS.m && windowMs(text) <= 7 * MS.d, 'allowed: 1m to 7d')

/** Returns the length of a window in ms. */
export const windowMs = (text: string): number => scale(text, MS)

/** Minute, hour, day of the month, month, day of the week; a field of seconds may precede them. */
export const cronPattern = z
  .string()
  .refine(
    (pattern) => attempt(() => new Cron(pattern, { timezone: 'UTC' }).nextRun()) !== null,
    'allowed: a cron pattern such as "0 3 * * *" that matches some future time',
  )

const SIZE = 'a size such as 512KiB or 1MiB'

/** A size such as `512KiB` or `1MiB`; parsed to bytes. */
export const byteSize = z
  .string(SIZE)
  .regex(/^\d+(\.\d+)?(B|KiB|MiB|GiB)$/, SIZE)
  .transform((text) => scale(text, BYTES))
  .refine((bytes) => bytes > 0 && bytes <= BYTES.GiB, 'allowed: 1B to 1GiB')

const PER_DAY = { '/minute': 1_440, '/hour': 24, '/day': 1, '/week': 1 / 7 } as const

const FREQUENCY = 'a frequency such as 20/day or 1/hour'

/** A frequency such as `20/day` or `1/hour`; parsed to times a day. */
export const perDay = z
  .string(FREQUENCY)
  .regex(/^(?!0+(\.0+)?\/)\d+(\.\d+)?\/(minute|hour|day|week)$/, FREQUENCY)
  .transform((text) => Number.parseFloat(text) * PER_DAY[text.replace(/^[\d.]+/, '') as keyof typeof PER_DAY])

function scale(text: string, units: Readonly<Record<string, number>>): number {
  const unit = text.replace(/^[\d.]+/, '')
  return Math.round(Number.parseFloat(text) * units[unit]!)
}
