import { type Feature, featurePath } from '@outflow/contracts'
import { formatCount } from '@outflow/terminal'
import type { Column, Look, NumberSummary } from './look-at-records.js'

/** A line of the configuration, and why it is proposed; null where nothing needs saying. */
export interface Proposal<T> {
  readonly value: T
  readonly why: string | null
}

/** The feature of a column, with its scale, and with remarks on what was found. */
export function proposeFeature({
  feature,
  absent,
  empty,
  broken,
  firstBroken,
  numbers,
  epochUnit,
}: Column): Proposal<Feature> {
  const notes: string[] = []
  if (epochUnit !== null) notes.push(`epoch ${epochUnit}, ${spanOf(numbers!)}`)
  const value = refine(feature, numbers, notes)
  if (absent > 0) notes.push(`absent from ${formatCount(absent)}`)
  if (empty > 0) notes.push(`empty in ${formatCount(empty)}`)
  if (broken > 0) notes.push(`${formatCount(broken)} would be dead letters: ${firstBroken}`)
  return { value, why: notes.length > 0 ? notes.join('; ') : null }
}

function refine(feature: Feature, numbers: NumberSummary | null, notes: string[]): Feature {
  if (feature.type !== 'numeric' || numbers === null) return feature
  if (!wantsLogScale(numbers)) return feature
  const from = numbers.least === 0 ? `${shortNumber(numbers.leastPositive!)}, besides 0,` : shortNumber(numbers.least)
  notes.push(`log: from ${from} to ${shortNumber(numbers.most)}, median ${shortNumber(numbers.median)}`)
  return { ...feature, scale: 'log' }
}

const DECADES = 4
/** Mean over median: 1 of evenly spread numbers, 1.44 of exponential ones, 1.65 of log-normal ones with σ = 1. */
const SKEWED = 1.5

function wantsLogScale({ least, most, leastPositive, median, mean }: NumberSummary): boolean {
  if (least < 0 || leastPositive === null) return false
  return most / leastPositive >= 10 ** DECADES && mean >= SKEWED * median
}

/** The first field that holds a time in every record. */
export function proposeTimestamp({ columns }: Look): Proposal<string> | null {
  const times = columns.filter(
    ({ feature, absent, empty, broken, numbers }) =>
      feature.type === 'cyclic' && absent + empty + broken === 0 && numbers !== null,
  )
  const [first, ...others] = times
  if (first === undefined) return null
  const rather = others.length > 0 ? `; or ${others.map(({ feature }) => featurePath(feature)).join(', ')}` : ''
  const unit = first.epochUnit === null ? '' : ` as epoch ${first.epochUnit}`
  return { value: featurePath(first.feature), why: `a time in every record${unit}, ${spanOf(first.numbers!)}${rather}` }
}

/** Fewer values are kinds of things, such as the weather, and no entities. */
const LEAST_ENTITIES = 10
/** Fewer records of each would be dates, or names that happen to repeat. */
const LEAST_RECORDS_EACH = 10

/** The category with the most values, which every record has. */
export function proposeKey({ records, columns }: Look): Proposal<string> | null {
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

const spanOf = ({ least, most }: NumberSummary): string => `${shortTime(least)} to ${shortTime(most)}`
const shortTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16)
const shortNumber = (number: number): string =>
  number === 0 || (Math.abs(number) >= 1e-3 && Math.abs(number) < 1e15)
    ? number.toLocaleString('en', { maximumSignificantDigits: 6 })
    : number.toExponential(1)
