import { type Feature, featureSchema } from '@outflow/contracts'
import { featureName, featurePath, formatPath, nameOfPath, type Step } from '@outflow/contracts/feature'
import { formatNumber } from '@outflow/contracts/wording'
import { compilePath } from '../fields/path.js'
import { readNumber } from '../fields/reader.js'
import type { JsonObject } from '../formats/record-decoder.js'
import { codesAmong, thinned } from './codes.js'
import { DAY_MS, DECIDING_SHARE, type Field, MAX_DISTINCT, newField, note } from './field-statistics.js'
import { inferSeries, type Series } from './infer-series.js'
import { wantsLogScale } from './number-summary.js'

/** Fields inferred from records. */
interface Inference {
  readonly features: readonly Feature[]
  /** Paths of all fields seen, in the order of their first appearance. */
  readonly paths: readonly string[]
  /** Fields that a model cannot use, with the reason in words. */
  readonly leftOut: readonly LeftOut[]
  readonly warnings: readonly FeatureWarning[]
}

export interface LeftOut {
  readonly path: string
  readonly why: string
  /** The feature that the field would be, if it could be one. */
  readonly feature?: Feature
}

/** Why a feature may harm the model, and what to do. */
export interface FeatureWarning {
  readonly path: string
  readonly text: string
}

/** A place in the records; its fields are found without their paths, which may be long. */
interface Place {
  readonly steps: readonly Step[]
  readonly inner: Map<Step, Place>
}

/**
 * Infers features from records: numbers are numeric, skewed ones over a decade on a log scale, strings of few values
 * categorical, booleans and texts `true` and `false` boolean, ISO 8601 and epoch times cyclic. Digits that a number would not keep, such as `00501`
 * and ids of 64 bits, are codes, not numbers; so are whole numbers that determine other fields, but not by their order.
 * Constant and empty fields, ids, numbers that only rise or fall, times that advance for less than their period, and texts that never return
 * to an earlier value are left out. Memory grows with the number of fields, not of records.
 *
 * @param withLists  infers from the items of lists, too: those of CSV are columns such as `x[0]`, which every record has. Default: false.
 */
export function makeFeatureInference({ withLists = false } = {}) {
  // Later epoch nanoseconds are not times, nor are other epochs more than 20 years later.
  const nowMs = Date.now()
  const root: Place = { steps: [], inner: new Map() }
  const fields = new Map<Place, Field>()
  let records = 0
  const observe = (value: unknown, place: Place): void => {
    const field = fields.get(place) ?? newField()
    fields.set(place, field)
    const isList = Array.isArray(value)
    if (value !== null && typeof value === 'object' && (withLists || !isList)) {
      const entries = Object.entries(value)
      for (const [key, inner] of entries) observe(inner, within(place, isList ? Number(key) : key))
      if (entries.length > 0) field.objects += 1
      if (entries.length > 0 || place === root) return
    }
    note(field, value, nowMs)
  }
  return {
    observe: (record: JsonObject) => {
      records += 1
      observe(record, root)
    },
    /** Marks that the next record does not follow the last one, because it is of another partition. */
    beginPartition: () => {
      for (const field of fields.values()) {
        field.previous = Number.NaN
        field.previousMs = Number.NaN
        field.previousText = undefined
        field.inPartition.clear()
      }
    },
    /** @param sample  records to find codes among the numbers; at most 8,192 of them are read */
    conclude: (sample: readonly JsonObject[]): Inference => {
      const numbered: Feature[] = []
      const leftOut: LeftOut[] = []
      // An object that is null in some records makes its fields optional, and is no field of its own.
      const own = [...fields].filter(
        ([{ inner }, { present, missing }]) => present > missing || (inner.size === 0 && present > 0),
      )
      const byPath = new Map(own.map(([{ steps }, field]) => [formatPath(steps), field]))
      const names = new Set<string>()
      for (const [path, field] of byPath) {
        const found = inferField(path, field, records)
        if ('why' in found) leftOut.push({ path, ...found })
        else numbered.push(names.has(featureName(found)) ? { ...found, name: path } : found)
        // The key "a.b", and the key b of an object a, have one name.
        names.add(nameOfPath(path))
      }
      const paths = [...byPath.keys()]
      const features = withCodes(numbered, sample)
      const warnings = features.flatMap((feature, at) => {
        if (feature.type === 'numeric') return warningsOf(feature.path, byPath.get(feature.path)!)
        return numbered[at]!.type === 'numeric' ? [{ path: featurePath(feature), text: CODE }] : []
      })
      const series = seriesOf(features, byPath, records)
      if (series === null) {
        const isLeftOut = (feature: Feature) => feature.type === 'cyclic' && passes(feature, byPath.get(feature.path)!)
        const why = PASSING_TIME
        leftOut.push(...features.filter(isLeftOut).map((feature) => ({ path: featurePath(feature), why, feature })))
        return { features: features.filter((feature) => !isLeftOut(feature)), paths, leftOut, warnings }
      }
      const { time } = series
      const inferred = inferSeries(series)
      if (inferred.timeLeftOut !== null) leftOut.push({ path: time.path, why: inferred.timeLeftOut, feature: time })
      return { features: inferred.features, paths, leftOut, warnings }
    },
  }
}

function within({ steps, inner }: Place, step: Step): Place {
  const known = inner.get(step)
  if (known !== undefined) return known
  const place = { steps: [...steps, step], inner: new Map() }
  inner.set(step, place)
  return place
}

/** A field with at least this share of codes among its numbers has codes. */
const CODE_SHARE = 0.01

/** From a date to the last one of other weekdays. */
const LAST_WEEKDAY_MS = 6 * DAY_MS
/** Two years of days show seasons; in fewer, the conditions of one year would be taken for a season. */
const SEASONS_MS = 2 * 365 * DAY_MS

function inferField(path: string, field: Field, records: number): Feature | Omit<LeftOut, 'path'> {
  const values = field.present - field.missing
  if (field.structures > 0 || values < DECIDING_SHARE * (values + field.objects)) {
    if (field.structures < values) return { why: 'partly a list or an object' }
    return {
      why: 'a list or an empty object; a path may name a value of a list, as $.FIELD[0], or its length, as $.FIELD.length',
    }
  }
  if (values === 0) return { why: 'always empty' }
  if (values < LEAST_PRESENT * records)
    return { why: 'has a value in fewer than one of 200 records, like a key that is an id' }
  if (field.distinct.size === 1) return { why: `always ${[...field.distinct][0]}` }
  const common = { path, optional: field.present < records }
  const feature = kindOf(field, values)
  if (typeof feature === 'string') return { why: feature }
  const parsed = featureSchema.safeParse({ ...common, ...feature })
  if (!parsed.success) return { why: 'no path can name the key __proto__; rename it' }
  if (feature.type === 'categorical' && neverReturns(field, values)) {
    const why =
      'never returns to an earlier value, as a date, a batch or a version: new records would all have new values (unless the records are sorted by it)'
    return { why, feature: parsed.data }
  }
  const direction = feature.type === 'numeric' ? monotone(field) : null
  if (direction === null) return parsed.data
  const why = `${direction} from record to record, as a counter, a time or an id: new records would all be outside the range seen (unless the records are sorted by it)`
  return { why, feature: parsed.data }
}

/** Returns the features with the codes among the numbers as categories. */
function withCodes(features: readonly Feature[], sample: readonly JsonObject[]): readonly Feature[] {
  const numeric = features.filter(({ type }) => type === 'numeric')
  const rows = thinned(sample, MOST_SAMPLED)
  const columns = numeric.map((feature) => {
    const get = compilePath(featurePath(feature))
    return Float64Array.from(rows, (row) => readNumber(get(row)) ?? Number.NaN)
  })
  const codes = new Set(codesAmong(columns).map((at) => numeric[at]!))
  return features.map((feature) => {
    if (feature.type !== 'numeric' || !codes.has(feature)) return feature
    const { scale: _, ...common } = feature
    return { ...common, type: 'categorical' }
  })
}

const MOST_SAMPLED = 8_192
const CODE =
  'numbers that determine other fields, but not by their order, are read as codes: make it numeric if it is a quantity'

function warningsOf(path: string, { summariser, distinct }: Field): readonly FeatureWarning[] {
  const warnings: FeatureWarning[] = []
  const version = [...distinct].find((text) => /\.\d+0$/.test(text) && distinct.has(text.slice(0, -1)))
  if (version !== undefined) {
    const text = `${version} and ${version.slice(0, -1)} are the same number: make it categorical if it is a version`
    warnings.push({ path, text })
  }
  const code = summariser.missingCode()
  if (code !== null) {
    const text = `${formatNumber(code)} is far from all others: leave it empty if it means missing, as it hides wrong values`
    warnings.push({ path, text })
  }
  if (summariser.areRowNumbers()) {
    const text =
      'no value repeats, as in row numbers and ids: leave it out if it is one, as new records are outside the range seen'
    warnings.push({ path, text })
  }
  return warnings
}

/** A map by id, such as the quantities of an order by product, has thousands of such keys, each with too few values for a model. */
const LEAST_PRESENT = 0.005

/** Whether the times of a field advance with the records for less than a period: the times of new records would all be outside the range seen. */
function passes({ period }: Cyclic, { times, epochs, backwards, earliestMs, latestMs }: Field): boolean {
  const values = times + epochs
  if (values < FEWEST_MONOTONE || backwards > (1 - MONOTONE_SHARE) * values) return false
  return latestMs - earliestMs < (period === 'week' ? LAST_WEEKDAY_MS : DAY_MS)
}

type Cyclic = Extract<Feature, { readonly type: 'cyclic' }>

const PASSING_TIME =
  'times that advance from record to record and span less than a day, or dates that span less than a week: new records have times that are not in the training window, unless it is longer'

/** Returns the records as one value over time: their only features are one number and one time, present in each record and in order; null if not. */
function seriesOf(features: readonly Feature[], fields: ReadonlyMap<string, Field>, records: number): Series | null {
  if (features.length !== 2 || records < FEWEST_OF_SERIES) return null
  const value = features.find((feature) => feature.type === 'numeric')
  const time = features.find((feature) => feature.type === 'cyclic')
  if (value === undefined || time === undefined) return null
  const { missing, noNumbers, earliestMs, latestMs, backwards } = fields.get(time.path)!
  if (time.optional || missing + noNumbers > 0 || backwards > (1 - MONOTONE_SHARE) * records) return null
  return { value, time, records, spanMs: latestMs - earliestMs }
}

/** With fewer records a window of 1 % of the span contains fewer than three. */
const FEWEST_OF_SERIES = 300

type Kind =
  | { type: 'numeric'; scale?: 'log' }
  | { type: 'categorical' | 'boolean' }
  | { type: 'cyclic'; period: Cyclic['period'] }

function periodOf({ dates, times, epochs, earliestMs, latestMs }: Field): Cyclic['period'] {
  if (dates < times + epochs) return 'day'
  return latestMs - earliestMs >= SEASONS_MS ? 'year' : 'week'
}

/** At most as many different values are categories, such as loans of `36 months` and `60 months`. */
const MOST_WITH_UNIT = 20

/** Returns the kind of feature that a field is, or why a model cannot use it. */
function kindOf(field: Field, values: number): Kind | string {
  const { times, epochs, numbers, codes, textNumbers, unit, unitNumbers, textDates, noNumbers } = field
  const decides = (count: number) => count > 0 && count >= DECIDING_SHARE * (values - noNumbers)
  // A number that is no epoch time shows that numbers are not times: most sizes in bytes are in the range of epoch seconds.
  if (decides(times + epochs) && numbers === epochs) return { type: 'cyclic', period: periodOf(field) }
  const areCodes = codes > 0 && codes >= CODE_SHARE * numbers
  const areNumbers = (count: number) => !areCodes && decides(count)
  if (areNumbers(numbers)) {
    return wantsLogScale(field.summariser.summary()!) ? { type: 'numeric', scale: 'log' } : { type: 'numeric' }
  }
  if (textNumbers > 0 && areNumbers(numbers + textNumbers))
    return 'numbers with commas or signs, which are read as text: write a decimal point, and no separators of thousands, currency or %'
  if (unitNumbers > 0 && areNumbers(numbers + unitNumbers) && field.distinct.size > MOST_WITH_UNIT)
    return `numbers with the unit ${unit}, which are read as text: write the number alone`
  if (textDates > 0 && decides(times + textDates))
    return 'dates in a form that is read as text: write them as 2026-03-14, with a time as 2026-03-14T09:26:53Z'
  if ([...field.distinct].every((text) => /^\s*\{\s*"/.test(text)))
    return 'JSON as text; a path may name a value in it, as $.FIELD.NAME'
  if (field.distinct.size > MAX_DISTINCT) return `text with more than ${MAX_DISTINCT.toLocaleString('en')} values`
  // With fewer than two records per value the field is an id or free text.
  if (field.distinct.size * 2 > values)
    return `text with ${field.distinct.size.toLocaleString('en')} values in ${values.toLocaleString('en')} rows`
  return { type: field.booleans === values ? 'boolean' : 'categorical' }
}

/**
 * Whether the numbers of a field rise or fall throughout, apart from a few out of order; null if neither. Numbers that repeat, such as one of a
 * batch of records, have to rise or fall more often, because a few sorted values are categories; two dates such as 20260314 suffice.
 */
function monotone({ numbers, numberDates, rises, falls, net, variation }: Field): 'rises' | 'falls' | null {
  const changes = rises + falls
  const fewest = changes < numbers / 2 ? FEWEST_STEPS : FEWEST_MONOTONE
  if (changes < fewest && numberDates < numbers) return null
  // A sawtooth also rises nearly always, but falls by as much as it has risen.
  if (Math.abs(net) < MONOTONE_SHARE * variation) return null
  if (rises >= MONOTONE_SHARE * changes) return 'rises'
  return falls >= MONOTONE_SHARE * changes ? 'falls' : null
}

/** Whether nearly every value of a field is in one run of records of each partition. */
function neverReturns({ distinct, runs, returns }: Field, values: number): boolean {
  const isInRuns = values >= LEAST_RUN * runs
  return isInRuns && distinct.size >= FEWEST_STEPS && returns <= (1 - MONOTONE_SHARE) * runs
}

/** Mean length of runs; values in random order have runs of one or two. */
const LEAST_RUN = 3
const FEWEST_STEPS = 20
/** Ten numbers in random order all rise with a probability of 1/10!. */
const FEWEST_MONOTONE = 10
/** The rest are records out of order. */
const MONOTONE_SHARE = 0.95
