import { isMissing, readNumber } from '../fields/reader.js'
import { epochUnit, parseTimestamp } from '../fields/timestamp.js'
import { shortName } from '../windows/names.js'
import { NumberSummariser } from './number-summary.js'

/** Statistics of the values of a field, from which its feature is inferred. */
export const newField = () => ({
  present: 0,
  missing: 0,
  numbers: 0,
  /** Numbers whose digits a number would not keep. */
  codes: 0,
  /** Words for a missing number or time, such as `NA`, and blanks, which may also be categories. */
  noNumbers: 0,
  /** Numbers with commas or signs, which are texts. */
  textNumbers: 0,
  /** The first unit after a number, and the numbers that have it, which are texts. */
  unit: undefined as string | undefined,
  unitNumbers: 0,
  /** Dates in a form that is read as text. */
  textDates: 0,
  /** Numbers that are dates, such as 20260314. */
  numberDates: 0,
  summariser: new NumberSummariser(),
  times: 0,
  /** Times that are whole days. */
  dates: 0,
  earliestMs: Number.POSITIVE_INFINITY,
  latestMs: Number.NEGATIVE_INFINITY,
  /** Times that are earlier than the one before. */
  backwards: 0,
  previousMs: Number.NaN,
  structures: 0,
  /** Objects with fields of their own; they are not among the values present. */
  objects: 0,
  booleans: 0,
  distinct: new Set<string>(),
  /** Distinct values of the current partition. */
  inPartition: new Set<string>(),
  previousText: undefined as string | undefined,
  /** Runs of records with the same value. */
  runs: 0,
  /** Runs with a value that the partition had before. */
  returns: 0,
  /** Counts of numbers that are larger than the previous one, and of smaller ones. */
  rises: 0,
  falls: 0,
  /** Sum of these changes, with and without their sign. */
  net: 0,
  variation: 0,
  previous: Number.NaN,
  /** Numbers that are epoch times of one unit, from 2001 to 20 years from now. */
  epochs: 0,
})

export type Field = ReturnType<typeof newField>

/** Adds a value to the statistics of its field. */
export function note(field: Field, value: unknown, nowMs: number): void {
  field.present += 1
  if (isMissing(value)) {
    field.missing += 1
    return
  }
  if (typeof value === 'object') {
    field.structures += 1
    return
  }
  const number = readNumber(value)
  const whole = String(value)
  if (BOOLEAN.test(whole)) field.booleans += 1
  // As a category is read.
  const text = shortName(whole)
  const isNumeric =
    field.codes === 0 && field.numbers >= DECIDING_SHARE * (field.present - field.missing - field.noNumbers)
  const mostDistinct = isNumeric && number !== undefined ? MAX_DISTINCT_NUMBERS : MAX_DISTINCT
  if (field.distinct.size <= mostDistinct) field.distinct.add(text)
  if (text !== field.previousText) noteRun(field, text, mostDistinct)
  field.previousText = text
  if (number === undefined) {
    if (TEXT_NUMBER.test(text)) field.textNumbers += 1
    const unit = UNIT_NUMBER.exec(text)?.[1]
    field.unit ??= unit
    if (unit !== undefined && unit === field.unit) field.unitNumbers += 1
    if (TEXT_DATE.test(text)) field.textDates += 1
    noteTime(field, 'times', parseTimestamp(whole))
  } else if (Number.isNaN(number)) field.noNumbers += 1
  else noteNumber(field, number, { whole, nowMs })
}

/** Counts a run of equal values. A value beyond the most that are stored counts as one that returns. */
function noteRun(field: Field, text: string, mostDistinct: number): void {
  field.runs += 1
  const { size } = field.inPartition
  if (size <= mostDistinct) field.inPartition.add(text)
  if (field.inPartition.size === size) field.returns += 1
}

function noteNumber(
  field: Field,
  number: number,
  { whole, nowMs }: { readonly whole: string; readonly nowMs: number },
): void {
  field.numbers += 1
  if (isCode(whole, number)) field.codes += 1
  if (NUMBER_DATE.test(whole)) field.numberDates += 1
  field.summariser.add(number)
  noteChange(field, number)
  const time = parseTimestamp(number)
  // Many ids of 64 bits, such as snowflakes, are in the range of epoch nanoseconds, most of them in the future. Sizes in bytes and IPv4
  // addresses are in that of epoch seconds, up to the year 2106.
  const toMs = epochUnit(number) === 'nanoseconds' ? nowMs : nowMs + LATEST_EPOCH_MS
  if (time !== undefined && time >= EPOCHS_FROM_MS && time < toMs) noteTime(field, 'epochs', time)
}

function noteTime(field: Field, kind: 'times' | 'epochs', time: number | undefined): void {
  if (time === undefined) return
  field[kind] += 1
  if (time % DAY_MS === 0) field.dates += 1
  field.earliestMs = Math.min(field.earliestMs, time)
  field.latestMs = Math.max(field.latestMs, time)
  if (time < field.previousMs) field.backwards += 1
  field.previousMs = time
}

/** A number with a decimal comma or commas between thousands, with a currency, or in percent; in parentheses it is negative. */
const TEXT_NUMBER = /^[\s+(-]*(\d[\d.'\s]*(,\d+)+(\.\d+)?|[$€£¥][\s-]*\d[\d.,'\s]*|\d[\d.,'\s]*[$€£¥%])[\s)]*$/

/** A number with a unit of letters: `70 kg`, `-3.5°C`, `90km/h`. */
const UNIT_NUMBER = /^\s*[+-]?\d+(?:\.\d+)?\s*((?:\p{L}|[°º])[\p{L}°º²³/.]*)\s*$/u

/**
 * A date in another form than ISO 8601 with separators, alone or before a time: `14/03/2026`, `2.1.2026`, `3/14/26`, `2026-3-1`,
 * `Mar 14, 2026`, `Sat, 14 Mar 2026`, `Sat Mar 14 09:26:53 UTC 2026`, `14-Mar-26`, `14/Mar/2026:09:26`, `20260314T092653Z`.
 */
const TEXT_DATE = new RegExp(
  String.raw`^\s*((mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(\d{1,2}([./-])\d{1,2}\4\d{4}|\d{4}([./-])\d{1,2}\5\d{1,2}|\d{1,2}/\d{1,2}/\d\d|` +
    String.raw`\d{8}T\d{4}\S*|MONTH \d{1,2},?( [\d:]{5,8}( [a-z]+)?)? \d{4}|\d{1,2}[ /-]MONTH[ /-](\d\d|\d{4}))([,:\s]+\d{1,2}:\d\d.*)?\s*$`.replaceAll(
      'MONTH',
      '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*',
    ),
  'i',
)

const NUMBER_DATE = /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/

/** A boolean, or its text in a CSV file: pandas writes `True`, R `TRUE`. */
const BOOLEAN = /^(true|false)$/i

/** Whether a number would not keep these digits: the leading zeros of a postal code, or the last digits of an id of 64 bits. */
const isCode = (text: string, number: number): boolean =>
  PADDED.test(text) || (!Number.isSafeInteger(number) && INTEGER.test(text) && BigInt(text) !== BigInt(number))

const PADDED = /^\s*0\d+\s*$/
const INTEGER = /^\s*-?\d+\s*$/

function noteChange(field: Field, number: number): void {
  const change = number - field.previous
  field.previous = number
  if (Number.isNaN(change)) return
  if (change > 0) field.rises += 1
  else if (change < 0) field.falls += 1
  field.net += change
  field.variation += Math.abs(change)
}

/** Enough for any category that a model can learn; a field with more values is an id, and no more of them are stored. */
export const MAX_DISTINCT = 50_000

/** Enough to recognise a constant, while nearly all values are numbers. */
const MAX_DISTINCT_NUMBERS = 1_000

/** A field with at least this share of numbers is numeric, and one of times cyclic; its other values are reported as errors. */
export const DECIDING_SHARE = 0.9

export const DAY_MS = 86_400_000
/** September 2001, when epoch seconds reached ten digits. */
const EPOCHS_FROM_MS = 1e12
/** 20 years from now: few contracts and certificates end later. */
const LATEST_EPOCH_MS = 20 * 365 * DAY_MS
