import { formatDuration, formatNumber } from '@outflow/contracts/wording'
import type { Scalar } from '../api/types.js'

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const oneDecimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const twoDecimals = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
// Sweden writes times by ISO 8601.
const swedish = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium' })
const zoned = new Intl.DateTimeFormat('en', { timeZoneName: 'longOffset' })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** Such as "20,000". */
export const formatCount = (count: number): string => whole.format(count)

/** For axes and narrow places, such as "20K". */
export const formatCompact = (value: number): string => compact.format(value)

/** A value that may be unknown. */
export const orDash = <T>(value: T | null, format: (known: T) => string): string =>
  value === null ? '–' : format(value)

/** Nats or bits, rounded to the significant digits, such as "16.19", "445,756.7" and "1.2e12". */
export function formatAmount(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return value.toExponential(1).replace('e+', 'e')
  return (size >= 100_000 ? whole : size >= 100 ? oneDecimal : twoDecimals).format(value).replace('-', '−')
}

/** Such as "0.00003" and "3.1e-7". */
export const formatPValue = (pValue: number): string =>
  pValue !== 0 && pValue < 1e-5 ? pValue.toExponential(1) : String(Number(pValue.toPrecision(2)))

/** A field's value; null is "missing". */
export function formatValue(value: Scalar): string {
  if (value === null) return 'missing'
  if (typeof value === 'number') return formatNumber(value)
  return String(value)
}

/** Such as "14 min ago"; a time in the future is "just now". */
export function formatAgo(time: string, nowMs: number): string {
  const ageMs = nowMs - Date.parse(time)
  return ageMs < 5_000 ? 'just now' : `${formatDuration(ageMs)} ago`
}

/** In the user's time zone, such as "2026-11-25 18:58:19". */
export const formatTime = (time: string | number): string => swedish.format(new Date(time))

/** The user's time zone, such as "Europe/Berlin". */
export const USER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

/** Its offset at an instant, such as "UTC+01:00". */
export function formatZone(time: string): string {
  const name = zoned.formatToParts(new Date(time)).at(-1)!.value
  return name.replace('GMT', 'UTC').replace('-', '−')
}

/** Labels of a time axis, in the user's time zone: the hour, with the day below it where a day begins; from a day on, the day and the year. */
export function timeLabels(timesMs: readonly number[], stepSeconds: number): string[] {
  let day = ''
  let year = ''
  return timesMs.map((time) => {
    const [date = '', hour = ''] = formatTime(time).split(' ')
    const shown = stepSeconds < 60 ? hour : hour.slice(0, 5)
    const isNewDay = date !== day
    day = date
    if (stepSeconds >= 86_400) {
      const isNewYear = date.slice(0, 4) !== year
      year = date.slice(0, 4)
      return isNewYear ? `${date.slice(5)}\n${year}` : date.slice(5)
    }
    return isNewDay ? `${shown}\n${date.slice(5)}` : shown
  })
}

/** Height of the label of an axis, pixels. */
const LABEL_HEIGHT = 12

/**
 * Returns 0 and the powers of ten among the values of a logarithmic axis, null in place of others and of those whose label would cover that
 * of 0.
 *
 * @param toPixels  position of a value on the axis
 */
export const decadesOf = (values: readonly number[], toPixels: (value: number) => number): (number | null)[] =>
  values.map((value) => {
    if (value === 0) return value
    const isDecade = Math.abs(value) >= 1 && Number.isInteger(Math.log10(Math.abs(value)))
    return isDecade && Math.abs(toPixels(value) - toPixels(0)) >= LABEL_HEIGHT ? value : null
  })

/** Such as "1.2 GB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const rounded = Number(bytes.toPrecision(3))
  const power = Math.min(Math.floor(Math.log10(Math.max(1, rounded)) / 3), units.length - 1)
  return `${Number((rounded / 1000 ** power).toPrecision(3))} ${units[power]}`
}

/** The beginning of an id, enough to distinguish models. */
export const shortId = (id: string): string => id.slice(0, 8)

/** A verdict, a state of a model or a kind of health event, such as "false alarm". */
export const formatName = (name: string): string => name.replaceAll('_', ' ')
