import type { Feature, Rejection } from '@outflow/contracts'
import { featurePath } from '@outflow/contracts/feature'
import type { PickedValues } from '../formats/record-decoder.js'
import { shortName } from '../windows/names.js'
import { categoryColumnsOf, numberColumnsOf } from './columns.js'
import type { FieldRows, FieldTable } from './field-table.js'
import type { Fields } from './fields.js'
import { inWholeRecords, type Locate } from './path.js'
import { measureText, NO_TEXT, type TextMeasures } from './text.js'
import { parseTimestamp } from './timestamp.js'

/** Returns the fields of a decoded record, or the reason why it breaks its contract. */
type Reader = (record: unknown) => Fields | Rejection

/**
 * Compiles the feature list to the function that reads records.
 *
 * An absent field breaks the contract unless it is optional; null, "" and "NaN" are missing values and accepted.
 * Numeric fields accept numbers and numeric strings of magnitude up to 1e300; categorical ones strings, numbers and
 * booleans; text ones the same, measured; boolean ones true, false, 0, 1 and words such as yes; cyclic ones ISO 8601 (without a zone: UTC),
 * `YYYY/MM/DD HH:MM`, or epoch times in seconds, ms, µs or ns. Windowed features, which are not part of a record, are missing until
 * `rowFiller` writes them.
 */
export function makeReader(features: readonly Feature[]): Reader {
  const read = fieldReader(features, inWholeRecords)
  return (record) => {
    if (record === null || typeof record !== 'object' || Array.isArray(record)) {
      return { reason: 'wrong_type', detail: `a record is a JSON object, found ${show(record)}` }
    }
    return read(record)
  }
}

/** The same for records that are known to be objects, whole or picked: `locate` resolves a path. */
export function fieldReader(features: readonly Feature[], locate: Locate): Reader {
  const { makeRows, read } = rowReader(features, locate)
  return (record) => {
    const rows = makeRows(1)
    return read(record, rows) ?? { numbers: Array.from(rows.numbers), categories: rows.categories }
  }
}

/** Reads the records of a batch into one table, without an allocation per record. */
export interface RowReader {
  /** Returns an empty table with capacity for this many records. */
  makeRows(records: number): FieldRows
  /** Writes a record's fields after the last row, or returns why the record breaks its contract. */
  read(record: unknown, rows: FieldRows): Rejection | null
  /** Returns the first `count` rows. */
  table(rows: FieldRows): FieldTable
}

/** Like `fieldReader`, for many records. */
export function rowReader(features: readonly Feature[], locate: Locate): RowReader {
  const width = { numbers: numberColumnsOf(features).length, categories: categoryColumnsOf(features).length }
  const parts = features.map((feature) => {
    const { get, place } = feature.type === 'window' ? { get: () => undefined } : locate(feature.path)
    return {
      get,
      /** Index of the feature's number in a picked record; -1: it has to be read from the value. */
      numberAt: feature.type === 'numeric' && place !== undefined ? place : -1,
      path: featurePath(feature),
      optional: feature.type === 'window' || feature.optional,
      type: feature.type,
    }
  })
  const read = (record: unknown, { count, numbers, categories }: FieldRows): Rejection | null => {
    let at = count * width.numbers
    let categoryAt = count * width.categories
    for (const { get, numberAt, path, optional, type } of parts) {
      if (numberAt >= 0) {
        const number = (record as PickedValues).numbers[numberAt]!
        if (Math.abs(number) <= LARGEST_NUMBER) {
          numbers[at++] = number
          continue
        }
      }
      const value = get(record)
      if (value === undefined && !optional) return { reason: 'missing_field', detail: `${path} is absent` }
      const found = readValue(type, value)
      if (found === undefined) return rejectionOf(path, type, value)
      if (typeof found === 'string' || found === null) categories[categoryAt++] = found
      else if (typeof found === 'number') numbers[at++] = found
      else {
        for (const measure of found.numbers) numbers[at++] = measure
        categories[categoryAt++] = found.shape
      }
    }
    return null
  }
  return {
    makeRows: (records) => ({ count: 0, numbers: new Float64Array(records * width.numbers), categories: [] }),
    read,
    table: ({ count, numbers, categories }) => {
      const length = count * width.numbers
      return {
        count,
        // A transfer to another thread includes the whole buffer under a view.
        numbers: length === numbers.length ? numbers : numbers.slice(0, length),
        categories: categories.slice(0, count * width.categories),
      }
    },
  }
}

/**
 * Compiles the feature list to the function that writes windowed features into the numbers of a record.
 *
 * @param places  for each windowed feature, in the list's order, the index of its value in `values`; -1: it is missing
 * @returns function of a field table's numbers, of the index where the record's numbers begin, and of the values
 */
export function rowFiller(features: readonly Feature[], places: readonly number[]) {
  const slots = numberColumnsOf(features).flatMap(({ feature, at }) => (feature.type === 'window' ? [at] : []))
  return (numbers: Float64Array | number[], at: number, values: readonly number[]): void => {
    slots.forEach((slot, index) => {
      numbers[at + slot] = values[places[index]!] ?? Number.NaN
    })
  }
}

/** The largest magnitude of a record's number, and of a number computed from several. */
export const LARGEST_NUMBER = 1e300
// Runs in linear time: no two parts of the pattern match the same digits.
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
/** A double has 17 significant digits and at most 308 before the point. */
const LONGEST_NUMBER = 400
const LONGEST_BOOLEAN = 16
const BOOLEAN_WORDS: ReadonlyMap<string, 'true' | 'false'> = new Map([
  ...['true', '1', 't', 'yes', 'y'].map((word) => [word, 'true'] as const),
  ...['false', '0', 'f', 'no', 'n'].map((word) => [word, 'false'] as const),
])

/** Whether the value of a field counts as missing. */
export function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 'NaN' || Number.isNaN(value)
}

/** Reads the value of a numeric field: NaN if it is missing; `undefined` if it is not a number. */
export function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number' && Math.abs(value) <= LARGEST_NUMBER) return value
  if (isMissing(value)) return Number.NaN
  if (typeof value !== 'string' || value.length > LONGEST_NUMBER) return undefined
  if (!DECIMAL.test(value.trim())) return isNoValue(value) ? Number.NaN : undefined
  const number = Number(value)
  return Math.abs(number) <= LARGEST_NUMBER ? number : undefined
}

/**
 * What spreadsheets, R, pandas and MySQL write for a missing number or time, and the signs of statistics packages and published tables. In a
 * category such a word is a value: NA may be Namibia.
 */
const isNoValue = (text: string): boolean => /^(#?n\/?a|<na>|null|none|nan|nat|\\n|\.\.?|\?|-)?$/i.test(text.trim())

function readCategory(value: unknown): string | null | undefined {
  if (isMissing(value)) return null
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** Shortened, because the whole value would be in the model, in reasons and in alerts. */
function readName(value: unknown): string | null | undefined {
  const category = readCategory(value)
  return category && shortName(category)
}

function readText(value: unknown): TextMeasures | undefined {
  const text = readCategory(value)
  if (text === undefined) return undefined
  return text === null ? NO_TEXT : measureText(text)
}

function readBoolean(value: unknown): 'true' | 'false' | null | undefined {
  if (isMissing(value)) return null
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value)
  return text.length > LONGEST_BOOLEAN ? undefined : BOOLEAN_WORDS.get(text.trim().toLowerCase())
}

function readTime(value: unknown): number | undefined {
  if (isMissing(value)) return Number.NaN
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const time = parseTimestamp(value)
  if (time !== undefined) return time
  // A number with blanks around it or an exponent, or NaN for a word such as NA.
  const number = readNumber(value)
  return number === undefined || Number.isNaN(number) ? number : parseTimestamp(number)
}

/** `undefined`: the value is none of `ALLOWED`. */
function readValue(type: Feature['type'], value: unknown): number | string | TextMeasures | null | undefined {
  switch (type) {
    case 'categorical':
      return readName(value)
    case 'numeric':
    case 'window':
      return readNumber(value)
    case 'text':
      return readText(value)
    case 'boolean':
      return readBoolean(value)
    case 'cyclic':
      return readTime(value)
  }
}

const ALLOWED: Readonly<Record<Feature['type'], string>> = {
  numeric: 'a number of magnitude up to 1e300',
  window: 'a number of magnitude up to 1e300',
  categorical: 'a string, number or boolean',
  text: 'text',
  boolean: 'true or false',
  cyclic: 'an ISO 8601 time or an epoch time',
}

function rejectionOf(path: string, type: Feature['type'], value: unknown): Rejection {
  if (type === 'cyclic' && (typeof value === 'string' || typeof value === 'number')) {
    return {
      reason: 'bad_timestamp',
      detail: `${path} must be an ISO 8601 time, or an epoch time in seconds or ms from 1973 on, in µs or ns from 1979 on; found ${show(value)}`,
    }
  }
  return { reason: 'wrong_type', detail: `${path} must be ${ALLOWED[type]}, found ${show(value)}` }
}

const LONGEST_SHOWN = 60

function show(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, LONGEST_SHOWN)) : String(value)
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 3)}…` : text
}
