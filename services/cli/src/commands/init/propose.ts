import type { Feature } from '@outflow/contracts'
import { featurePath } from '@outflow/contracts/feature'
import { formatNumber } from '@outflow/contracts/wording'
import type { NumberSummary } from '@outflow/records'
import { formatCount, formatCounted, inNumber } from '@outflow/terminal'
import type { Column, RecordStatistics } from './look-at-records.js'

/** A value for the configuration, and why it is proposed; null if no reason is needed. */
export interface Proposal<T> {
  readonly value: T
  readonly why: string | null
}

/** The feature of a column, with notes on its values. */
export function proposeFeature(column: Column): Proposal<Feature> {
  const { feature, absent, empty, broken, firstBroken, numbers, epochUnit, warnings } = column
  const notes: string[] = []
  if (epochUnit !== null) notes.push(`epoch ${epochUnit}, ${spanOf(numbers!)}`)
  if (feature.type === 'numeric' && feature.scale === 'log') notes.push(logNote(numbers!))
  notes.push(...warnings)
  if (absent > 0) notes.push(`absent from ${formatCount(absent)}`)
  if (empty > 0) notes.push(`empty in ${formatCount(empty)}`)
  if (broken > 0) notes.push(`${formatCount(broken)} would be dead letters: ${firstBroken}`)
  return { value: feature, why: notes.length > 0 ? notes.join('; ') : null }
}

const logNote = ({ least, leastPositive, most, median }: NumberSummary): string => {
  const zero = least === 0 ? '0 or ' : ''
  return `log: ${zero}from ${formatNumber(leastPositive!)} to ${formatNumber(most)}, median ${formatNumber(median)}`
}

/**
 * A field that holds a time in every record: of those that advance from record to record, if there are any, the first that is a time rather
 * than a date, and not an id of ten digits, which is in the range of epoch seconds; else the first. Epoch seconds that begin and end
 * with another time are a time.
 */
export function proposeTimestamp({ times, records }: RecordStatistics): Proposal<string> | null {
  const inEvery = times.filter(({ absent, empty, broken }) => absent + empty + broken === 0)
  const advancing = inEvery.filter(({ falls }) => falls <= MOST_OUT_OF_ORDER * records)
  const candidates = advancing.length > 0 ? advancing : inEvery
  const timesOfDay = advancing.filter(({ feature }) => feature.type === 'cyclic' && feature.period === 'day')
  const isTime = ({ epochUnit, numbers }: RecordStatistics['times'][number]) =>
    epochUnit !== 'seconds' ||
    candidates.some((other) => other.epochUnit !== 'seconds' && isSameSpan(numbers!, other.numbers!))
  const first = [...timesOfDay, ...candidates].find(isTime) ?? candidates[0]
  if (first === undefined) return null
  const others = inEvery.filter((time) => time !== first).map(({ feature }) => featurePath(feature))
  const alternatives = others.length > 0 ? `; or ${others.join(', ')}` : ''
  const unit = first.epochUnit === null ? '' : ` as epoch ${first.epochUnit}`
  const order = advancing.length > 0 ? '' : ' in no order: remove it if it is not the time of the event'
  return {
    value: featurePath(first.feature),
    why: `a time in every record${unit}, ${spanOf(first.numbers!)}${order}${alternatives}`,
  }
}

/** A date in local time differs from the time by up to a day and the offset of its zone. */
const isSameSpan = (one: NumberSummary, other: NumberSummary): boolean =>
  Math.abs(one.least - other.least) < 2 * DAY_MS && Math.abs(one.most - other.most) < 2 * DAY_MS

/** Share of the records; a birthday or a date of delivery is earlier than the one before in nearly half of them. */
const MOST_OUT_OF_ORDER = 0.05

/** Below this number the values are categories, such as the weather, and not entities. */
const LEAST_ENTITIES = 10
/** Below this number of records each, the values are dates, or names that repeat by chance. */
const LEAST_RECORDS_EACH = 10

/** The category with the most values, among those that every record has. */
export function proposeKey({ records, columns }: RecordStatistics): Proposal<string> | null {
  const [most] = columns
    .filter(({ feature, absent, empty, broken }) => feature.type === 'categorical' && absent + empty + broken === 0)
    .filter(({ distinct }) => distinct >= LEAST_ENTITIES && records / distinct >= LEAST_RECORDS_EACH)
    .toSorted((a, b) => b.distinct - a.distinct)
  if (most === undefined) return null
  const each = Math.round(records / most.distinct)
  return {
    value: featurePath(most.feature),
    why: `a guess at the entity: ${formatCount(most.distinct)} values, about ${formatCount(each)} records each`,
  }
}

/** The windowed features of one value over time, without the keys that default to those of `source`. */
export function proposeWindows({ windows }: RecordStatistics, isKeyed: boolean): readonly Proposal<object>[] {
  return windows.map(({ at: _at, by, ...window }) => ({
    value: { ...window, ...(isKeyed ? {} : { by }) },
    why: `how much the values varied in the ${window.over} before`,
  }))
}

/** The time span of one value over time; null for other records. */
export function spanOfSeries({ windows, times, records }: RecordStatistics) {
  const numbers = times[0]?.numbers
  if (windows.length === 0 || !numbers) return null
  const days = (numbers.most - numbers.least) / DAY_MS
  return { days, recordsPerDay: records / days }
}

const DAY_MS = 86_400_000

/** A topic without a record of the last day. */
export interface Silence {
  /** Age of the newest record. */
  readonly days: number
  /** Age of the oldest of the sampled records. */
  readonly sampleDays: number
}

/**
 * The training window, and the minimum number of records for a full model; null: the default. By the rate, the window has twice as many
 * records as a fit needs, so that they also suffice in a quiet week; that of a silent topic reaches the sampled records, now and for as
 * long again; that of one value over time is the span for which its windowed features were chosen.
 */
export function proposeTraining(
  statistics: RecordStatistics,
  { recordsPerDay, silence }: { readonly recordsPerDay: number | null; readonly silence: Silence | null },
): { readonly window: Proposal<string>; readonly minRows: Proposal<number> | null } {
  const propose = (days: number, why: string, minRows = MIN_ROWS) => ({
    window: { value: `${days}d`, why: `${LENGTH}; ${why}` },
    minRows: minRows === MIN_ROWS ? null : { value: minRows, why: `${ENOUGH}; ${why}` },
  })
  const halfOf = (records: number) => Math.max(FEWEST_ROWS, Math.min(MIN_ROWS, Math.floor(records / 2)))
  if (silence !== null) {
    const days = Math.min(Math.ceil(2 * silence.sampleDays), MOST_DAYS)
    const age = formatCounted(Math.floor(silence.days), 'day')
    return propose(days, `the last record is ${age} old`, halfOf(statistics.records))
  }
  const series = spanOfSeries(statistics)
  if (series !== null) {
    const days = Math.ceil(Math.max(series.days, MIN_ROWS / series.recordsPerDay))
    return propose(Math.min(days, MOST_DAYS), 'the windows above were chosen for such a span')
  }
  const perDay = recordsPerDay ?? Number.POSITIVE_INFINITY
  const days = Math.ceil((2 * MIN_ROWS) / perDay)
  if (days <= 1) return { window: { value: '24h', why: LENGTH }, minRows: null }
  const window = Math.min(days, LONGEST_WINDOW_DAYS)
  return propose(window, `at ${rateOf(perDay, 'record')}`, halfOf(window * perDay))
}

const LENGTH = "length of the training window, by Kafka's timestamp"
const ENOUGH = 'minimum number of records for a full model'

/** The default of the configuration. */
const MIN_ROWS = 2_000
/** The least that the configuration allows. */
const FEWEST_ROWS = 50
/** In a month most streams change, and few topics keep their records for longer. */
const LONGEST_WINDOW_DAYS = 30
/** Longer durations are not allowed. */
const MOST_DAYS = 3_650

/** The largest rate of these that gives at most 20 alerts a day in normal traffic. */
export function proposeAlertRate(recordsPerDay: number | null): Proposal<number> {
  const what = 'share of normal records that may be anomalies'
  if (recordsPerDay === null) return { value: DEFAULT_ALERT_RATE, why: what }
  const value = ALERT_RATES.find((rate) => rate * recordsPerDay <= MOST_ALERTS_PER_DAY) ?? ALERT_RATES.at(-1)!
  const alerts = rateOf(value * recordsPerDay, 'alert')
  return { value, why: `${what}: about ${alerts}, at ${rateOf(recordsPerDay, 'record')}` }
}

/** To two digits. */
function rateOf(perDay: number, noun: string): string {
  const rounded = Number(perDay.toPrecision(2))
  return `${formatNumber(rounded)} ${inNumber(rounded, noun)} a day`
}

const DEFAULT_ALERT_RATE = 0.001
const MOST_ALERTS_PER_DAY = 20
/** Below the smallest rate, few calibration sets have records that are as rare. */
const ALERT_RATES = [0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001, 0.00005, 0.00002, 0.00001]

const spanOf = ({ least, most }: NumberSummary): string => `${shortTime(least)} to ${shortTime(most)}`
const shortTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16)
