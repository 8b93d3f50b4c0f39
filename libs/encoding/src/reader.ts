import { type Feature, featurePath, isCategory, type Rejection } from '@outflow/contracts'
import type { Fields } from './fields.js'
import { compilePath, type Locate } from './path.js'
import { measureText, NO_TEXT, plainFeatures, type TextMeasures } from './text.js'
import { parseTimestamp } from './timestamp.js'

/** Takes a decoded record and gives its fields, or the reason why it breaks its contract. */
export type Reader = (record: unknown) => Fields | Rejection

/**
 * Compiles the feature list to the function that reads records.
 *
 * A field that is absent breaks the contract unless it is optional; null, "" and "NaN" are missing values and kept.
 * Numeric fields take numbers and numeric strings of magnitude up to 1e300; categorical ones strings, numbers and
 * booleans; text ones the same, measured; boolean ones true, false, 0, 1 and the words for them; cyclic ones ISO 8601 (without a zone: UTC),
 * `YYYY/MM/DD HH:MM`, or epoch ms. Windowed features, which no record holds, are missing until `windowFiller` puts them there.
 */
export function makeReader(features: readonly Feature[]): Reader {
  const read = fieldReader(features, compilePath)
  return (record) => {
    if (record === null || typeof record !== 'object' || Array.isArray(record)) {
      return { reason: 'wrong_type', detail: `a record is a JSON object, found ${show(record)}` }
    }
    return read(record)
  }
}

/** The same for records that are known to be objects, or what was taken of one: `locate` says where a path leads. */
export function fieldReader(features: readonly Feature[], locate: Locate): Reader {
  const parts = features.map((feature) => ({
    get: feature.type === 'window' ? () => undefined : locate(feature.path),
    path: featurePath(feature),
    optional: feature.type === 'window' || feature.optional,
    type: feature.type,
  }))
  return (record) => {
    const numbers: number[] = []
    const categories: (string | null)[] = []
    for (const { get, path, optional, type } of parts) {
      const value = get(record)
      if (value === undefined && !optional) return { reason: 'missing_field', detail: `${path} is absent` }
      if (type === 'categorical') {
        const category = readCategory(value)
        if (category === undefined) return wrongType(path, 'a string, number or boolean', value)
        categories.push(category)
      } else if (type === 'text') {
        const measures = readText(value)
        if (measures === undefined) return wrongType(path, 'text', value)
        numbers.push(...measures.numbers)
        categories.push(measures.shape)
      } else if (type === 'boolean') {
        const truth = readBoolean(value)
        if (truth === undefined) return wrongType(path, 'true or false', value)
        categories.push(truth)
      } else if (type === 'numeric' || type === 'window') {
        const number = readNumber(value)
        if (number === undefined) return wrongType(path, 'a number of magnitude up to 1e300', value)
        numbers.push(number)
      } else {
        const time = readTime(value)
        if (time === undefined) return wrongType(path, 'an ISO 8601 time or epoch ms', value)
        if (time === BAD_TIMESTAMP) return badTimestamp(path, value)
        numbers.push(time)
      }
    }
    return { numbers, categories }
  }
}

/**
 * Compiles the feature list to the function that puts windowed features into fields.
 *
 * @param places  for each windowed feature, in the list's order, where its value stands among the values; -1: it is missing
 */
export function windowFiller(features: readonly Feature[], places: readonly number[]) {
  const slots = plainFeatures(features)
    .filter((feature) => !isCategory(feature))
    .flatMap(({ type }, slot) => (type === 'window' ? [slot] : []))
  return (fields: Fields, values: readonly number[]): Fields => {
    const numbers = [...fields.numbers]
    slots.forEach((slot, index) => {
      numbers[slot] = values[places[index]!] ?? Number.NaN
    })
    return { numbers, categories: fields.categories }
  }
}

export function isRejection(read: Fields | Rejection): read is Rejection {
  return 'reason' in read
}

const LARGEST = 1e300
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const TRUTHS: ReadonlyMap<string, 'true' | 'false'> = new Map([
  ...['true', '1', 't', 'yes', 'y'].map((word) => [word, 'true'] as const),
  ...['false', '0', 'f', 'no', 'n'].map((word) => [word, 'false'] as const),
])
const BAD_TIMESTAMP = Number.POSITIVE_INFINITY

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 'NaN' || Number.isNaN(value)
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number' && Math.abs(value) <= LARGEST) return value
  if (isMissing(value)) return Number.NaN
  const number = typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && Math.abs(number) <= LARGEST ? number : undefined
}

function readCategory(value: unknown): string | null | undefined {
  if (isMissing(value)) return null
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function readText(value: unknown): TextMeasures | undefined {
  const text = readCategory(value)
  if (text === undefined) return undefined
  return text === null ? NO_TEXT : measureText(text)
}

function readBoolean(value: unknown): 'true' | 'false' | null | undefined {
  if (isMissing(value)) return null
  return TRUTHS.get(String(value).trim().toLowerCase())
}

function readTime(value: unknown): number | undefined {
  if (isMissing(value)) return Number.NaN
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return parseTimestamp(value) ?? BAD_TIMESTAMP
}

function wrongType(path: string, allowed: string, value: unknown): Rejection {
  return { reason: 'wrong_type', detail: `${path} must be ${allowed}, found ${show(value)}` }
}

function badTimestamp(path: string, value: unknown): Rejection {
  return { reason: 'bad_timestamp', detail: `${path} must be an ISO 8601 time or epoch ms, found ${show(value)}` }
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
