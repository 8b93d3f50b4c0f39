import { type CategoryEvidence, type NumberColumn, periodHours, roundToStep } from '@outflow/encoding'

/** The values that the text about one number of a record states. */
interface NumberFinding {
  /** NaN if missing; in the column's own unit, hours since the cut where it is cyclic */
  readonly observed: number
  /** The likeliest value given the other fields. */
  readonly expected: number
  /** 5 % and 95 % quantiles given the other fields. */
  readonly range: readonly [number, number]
  /** The categories that determine it, such as `LAX→JFK`; null if none do. */
  readonly group: string | null
}

/** A range of at most this share of the column's usual span counts as a point; only its likeliest value is stated. */
const NARROW = 0.1

export function numberInWords(column: NumberColumn, { observed, expected, range, group }: NumberFinding): string {
  const { name } = column
  if (Number.isNaN(observed)) return `${name} is missing; ${show(column, expected)} would be expected`
  const [low, high] = range
  const value = `${name} ${show(column, observed)}`
  if (observed === expected) return `${value} is the likeliest value`
  if (column.cycle !== null) {
    if (observed >= low && observed <= high) return `${value} is unusual given the other fields`
    return `${value} is outside the usual ${show(column, low)} to ${show(column, high)}`
  }
  if (column.usual !== null && expected === column.usual)
    return `${value} differs from the ${show(column, expected)} of nearly all records`
  const [lowest, highest] = usualSpan(column)
  const isNarrow = high - low <= NARROW * (highest - lowest)
  if (observed >= low && observed <= high && !isNarrow) {
    return `${value} is unusual given the other fields; ${show(column, expected)} is likelier`
  }
  const far = Math.abs(observed - expected) > (isNarrow ? 10 : 2) * Math.max(high - low, column.quantum) ? 'far ' : ''
  const side = observed > expected ? 'above' : 'below'
  if (isNarrow)
    return `${value} is ${far}${side} the ${show(column, expected)} ${group === null ? 'expected' : `of ${brief(group)}`}`
  return `${value} is ${far}${side} the usual ${show(column, low)} to ${show(column, high)}`
}

/** The range of a column's values without the lowest and the highest 32nd. */
export function usualSpan({ quantiles }: NumberColumn): readonly [low: number, high: number] {
  return [quantiles[1]!, quantiles.at(-2)!]
}

export function categoryInWords(
  name: string,
  value: string | null,
  evidence: CategoryEvidence,
  expected: string | null,
): string {
  const observed = value === null ? `${name} is missing, which` : `${name} ${brief(value)}`
  switch (evidence.kind) {
    case 'unseen':
      return `${observed} was never seen before`
    case 'pair': {
      if (evidence.seen === null) return `${observed} equals ${evidence.name}, which is rare`
      const other = evidence.value === null ? `a missing ${evidence.name}` : `${evidence.name} ${brief(evidence.value)}`
      if (evidence.seen === 0) return `${observed} is never seen with ${other}`
      return `${observed} is rarely seen with ${other} (${count(evidence.seen)} of ${count(evidence.of)})`
    }
    case 'rare':
      return `${observed} is rare (${count(evidence.seen)} of ${count(evidence.of)})`
    case 'common':
      if (expected === value) return `${observed} is the likeliest value`
      return `${observed} does not fit the other fields; ${brief(expected ?? 'none')} would`
  }
}

/**
 * The value of a category as a text states it: its first characters if it is long. Characters that change the rest of the text, or its
 * direction, are shown as escapes such as `\u202e`.
 */
export function brief(value: string): string {
  const start = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN).toWellFormed()}…` : value
  return start.replaceAll(UNSAFE, (own) => `\\u${own.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const LONGEST_SHOWN = 80
/** Controls, line and paragraph separators, marks and overrides of direction. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** A number of the column as people write it: 3,983 or −10; a time of day, week or year where it is cyclic. */
export function show(column: NumberColumn, value: number): string {
  if (column.cycle !== null) return showTime(column.cycle, value)
  const size = Math.abs(value)
  const format = size >= MANY_DIGITS || (size > 0 && size < MANY_ZEROS) ? SCIENTIFIC : precisionOf(column, value)
  return formatOf(format).format(value).replaceAll('-', '−')
}

/** A number of the column as a reason states it: null if it is missing, text where it is cyclic. */
export function stated(column: NumberColumn, value: number): number | string | null {
  if (Number.isNaN(value)) return null
  return column.cycle === null ? value : show(column, value)
}

/**
 * The step of the values, and all digits of a value between two steps; without a step, a hundredth of their deviation and at least four
 * significant digits.
 */
function precisionOf(column: NumberColumn, value: number): Precision {
  const { quantum, logUnit, centre, scale } = column
  if (isBetweenSteps(column, value)) return ALL_DIGITS
  if (quantum > 0) return { maximumFractionDigits: Math.max(0, -Math.floor(Math.log10(quantum) + 1e-9)) }
  const apart = logUnit === undefined ? Math.ceil(Math.log10(Math.max(1, Math.abs(centre) / scale))) + 2 : 0
  return { maximumSignificantDigits: Math.min(MOST_SIGNIFICANT, Math.max(4, apart)) }
}

/** Whether the column has steps, and none of them is near the value. */
export function isBetweenSteps(column: NumberColumn, value: number): boolean {
  return Math.abs(roundToStep(column, value) - value) > FLOAT32_ERROR * Math.abs(value)
}

/** Relative; a record of a float32 has a value near a step. */
const FLOAT32_ERROR = 1e-7

type Precision = Pick<Intl.NumberFormatOptions, 'maximumFractionDigits' | 'maximumSignificantDigits' | 'notation'>

/** Numbers of this size or more are shown as 1.5E300, as in JavaScript. */
const MANY_DIGITS = 1e21
/** Numbers below this size are shown as 1.5E−300, as in JavaScript. */
const MANY_ZEROS = 1e-6
const SCIENTIFIC: Precision = { notation: 'scientific', maximumSignificantDigits: 4 }

/** Significant digits of a float64. */
const MOST_SIGNIFICANT = 17
/** Those that each decimal number of a record keeps. */
const ALL_DIGITS: Precision = { maximumSignificantDigits: 15 }

/** Cached, because making a formatter takes longer than the rest of a reason. */
const FORMATS = new Map<string, Intl.NumberFormat>()

function formatOf(precision: Precision): Intl.NumberFormat {
  const key = JSON.stringify(precision)
  const known = FORMATS.get(key)
  if (known !== undefined) return known
  const format = new Intl.NumberFormat('en-US', precision)
  FORMATS.set(key, format)
  return format
}

function count(rows: number): string {
  return rows.toLocaleString('en-US')
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

function showTime(cycle: NonNullable<NumberColumn['cycle']>, hoursSinceCut: number): string {
  const whole = periodHours(cycle)
  const hours = (hoursSinceCut + cycle.cut * whole) % whole
  const minutes = Math.round(hours * 60)
  const clock = `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`
  switch (cycle.period) {
    case 'hour':
      return `minute ${minutes % 60}`
    case 'day':
      return clock
    case 'week':
      return `${DAYS[Math.floor(minutes / 1440) % 7]} ${clock}`
    case 'year':
      // The hours are those of a mean year; 2001 has 365 days.
      return new Date(Date.UTC(2001, 0, 1, 0, Math.round((hours / whole) * 365 * 24 * 60))).toLocaleDateString(
        'en-US',
        {
          day: 'numeric',
          month: 'short',
          timeZone: 'UTC',
        },
      )
  }
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
