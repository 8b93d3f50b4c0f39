import type { Counterfactual } from '@outflow/contracts'
import {
  categoryAlternatives,
  coarseAlternatives,
  type Encoder,
  encodeBatch,
  numberAlternatives,
  numberOf,
  usualNumber,
  withCategory,
  withNumber,
  withUsualPairs,
} from '@outflow/encoding'
import { categoryColumnsOf, type Fields } from '@outflow/records/fields'
import { argMin } from '../bits.js'
import type { NllQueries } from './nll-queries.js'
import { brief, show, stated } from './reason-text.js'

/** A record and its NLL. */
export interface Candidate {
  readonly fields: Fields
  /** nats */
  readonly nll: number
}

/** Results of changing one field of a record at a time. */
interface SingleChanges {
  /** The change from which the search starts; undefined if there is none. */
  readonly first: Candidate | undefined
  /** Indices of the numbers, the one whose change helps most first. */
  readonly numbers: readonly number[]
}

/**
 * Finds a normal record that changes few fields of an anomaly. From the first change on, greedily sets the field that helps most to its
 * likeliest value, until the record is not an anomaly. It changes at most four fields, not always the fewest possible. If two numbers
 * are both wrong, for example swapped, changing one of them alone does not help: the second step therefore also tries every pair of
 * numbers at their usual values, and the usual pairs of categories.
 *
 * @param changes      changes of one field of the record at a time
 * @param thresholdNll  nats; only a record above it is an anomaly
 * @returns null if four changes do not make it normal
 */
export function* findCounterfactual(
  encoder: Encoder,
  fields: Fields,
  { first, numbers }: SingleChanges,
  thresholdNll: number,
): NllQueries<Counterfactual | null> {
  let current = first
  for (let change = 1; current !== undefined && current.nll > thresholdNll; change++) {
    const pairs = change === 1 ? usualPairs(encoder, fields, numbers.slice(0, MOST_PAIRED)) : []
    const ofCategories = change === 1 ? withUsualPairs(encoder, current.fields) : []
    const further: readonly Fields[] = [...alternativesOf(encoder, current.fields), ...pairs, ...ofCategories]
    if (change === MOST_CHANGES || further.length === 0) return null
    const scores = yield further
    const next: Candidate = { fields: further[argMin(scores)]!, nll: scores[argMin(scores)]! }
    if (!(next.nll < current.nll)) return null
    current = next
  }
  return current === undefined ? null : counterfactualOf(encoder, fields, current)
}

const MOST_CHANGES = 4
/** Largest number of numbers whose pairs are tried. */
const MOST_PAIRED = 8
/** With more numbers than this, only the coarse values of each are tried in each further change. */
const FEW_NUMBERS = 8
/** Values of a number and of a category that are tried in each further change. */
const NUMBER_VALUES = 24
const CATEGORY_VALUES = 12

function usualPairs(encoder: Encoder, fields: Fields, numbers: readonly number[]): Fields[] {
  const { ids } = encodeBatch(encoder, [fields])
  const usual = numbers.map((j) => [j, usualNumber(encoder, ids, j)] as const)
  return usual.flatMap(([j, value], place) => {
    const one = withNumber(encoder, fields, j, value)
    return usual.slice(place + 1).map(([other, its]) => withNumber(encoder, one, other, its))
  })
}

function alternativesOf(encoder: Encoder, fields: Fields): Fields[] {
  const { ids } = encodeBatch(encoder, [fields])
  const valuesOf = (j: number) =>
    encoder.numbers.length > FEW_NUMBERS
      ? coarseAlternatives(encoder, ids, j, 6)
      : numberAlternatives(encoder, ids, j, NUMBER_VALUES)
  const numbers = encoder.numbers.flatMap((_, j) =>
    Array.from(valuesOf(j), (value) => withNumber(encoder, fields, j, value)),
  )
  const categories = fields.categories.flatMap((_, k) =>
    categoryAlternatives(encoder, ids, k)
      .slice(0, CATEGORY_VALUES)
      .map((value) => withCategory(fields, k, value)),
  )
  return [...numbers, ...categories]
}

/**
 * The counterfactual that changes one record to another; null if they are equal.
 *
 * @param mistake  the mistake that the changes undo, if it is known
 */
export function counterfactualOf(
  encoder: Encoder,
  from: Fields,
  { fields: to, nll }: Candidate,
  mistake?: Counterfactual['mistake'],
): Counterfactual | null {
  const numbers = encoder.numbers.flatMap((column, j) => {
    const [before, after] = [numberOf(encoder, from, j), numberOf(encoder, to, j)]
    if (Object.is(before, after)) return []
    const [is, was] = [after, before].map((value) => (Number.isNaN(value) ? 'none' : show(column, value)))
    const text = `${column.name} ${is} instead of ${was}`
    return [{ change: { field: column.name, from: stated(column, before), to: stated(column, after) }, text }]
  })
  const categories = categoryColumnsOf(encoder.features).flatMap(({ name: field, at: k }) => {
    const [before, after] = [from.categories[k]!, to.categories[k]!]
    if (before === after) return []
    return [
      {
        change: { field, from: before, to: after },
        text: `${field} ${brief(after ?? 'none')} instead of ${brief(before ?? 'none')}`,
      },
    ]
  })
  const all = [...numbers, ...categories]
  // A record that is not an anomaly at the model's own rate may itself be the likeliest.
  if (all.length === 0) return null
  return {
    changes: all.map(({ change }) => change),
    nll,
    text: `normal with ${all.map(({ text }) => text).join(' and ')}`,
    ...(mistake === undefined ? {} : { mistake }),
  }
}
