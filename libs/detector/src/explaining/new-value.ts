import { categoryAlternatives, type Encoder, encodeBatch, unseenCategories, withCategory } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import type { NllQueries } from './nll-queries.js'

/** A value that training did not see, in a record that would be normal with a known value. */
export interface NewValue {
  readonly field: string
  readonly value: string
}

/** Number of known values of a category that are tried, the most frequent first. */
const MOST_VALUES = 32

/**
 * Finds out whether a record is an anomaly only because of a new value: one category has a value that training did not see, and with one
 * of the known values in its place the record is not an anomaly.
 *
 * @param thresholdNll  nats; only a record above it is an anomaly
 * @returns null if no value is new, more than one is, or the rest of the record is an anomaly as well
 */
export function* findNewValue(encoder: Encoder, fields: Fields, thresholdNll: number): NllQueries<NewValue | null> {
  const [unseen, ...more] = unseenCategories(encoder, fields)
  if (unseen === undefined || more.length > 0) return null
  const { k, field, value } = unseen
  const { ids } = encodeBatch(encoder, [fields])
  const known = categoryAlternatives(encoder, ids, k).slice(0, MOST_VALUES)
  const nll = yield known.map((other) => withCategory(fields, k, other))
  return nll.some((own) => own <= thresholdNll) ? { field, value } : null
}
