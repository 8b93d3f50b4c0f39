import type { Reason } from '@outflow/contracts'
import { categoryEvidence, categoryNll, type Encoder, encodeBatch, withCategory } from '@outflow/encoding'
import { categoryColumnsOf, type Fields } from '@outflow/records'
import { argMin, toBits } from './bits.js'
import { categoryInWords } from './reason-text.js'

/** Counts are the reason when they carry this share of a category's bits; else the numbers do not fit the category. */
const TOLD_BY_COUNTS = 0.5
/** A pair that was never seen is worth telling at so many bits of its own, whatever the numbers add. */
const BITS_OF_A_NEW_PAIR = 6

/**
 * What one category adds to a record's surprise.
 *
 * @param own     the record's NLL, nats
 * @param values  what the category might have been
 * @param nll     [values]; the record's NLL with each of them, nats
 */
export function categoryReason(
  encoder: Encoder,
  fields: Fields,
  k: number,
  own: number,
  values: readonly (string | null)[],
  nll: Float64Array,
): Reason {
  const best = argMin(nll)
  const observed = fields.categories[k]!
  const expected = values[best]!
  const bits = toBits(own - nll[best]!)
  const { ids } = encodeBatch(encoder, [fields, withCategory(fields, k, expected)])
  const byCounts = toBits(categoryNll(encoder.tree, ids, 0) - categoryNll(encoder.tree, ids, ids.length / 2))
  const evidence = categoryEvidence(encoder, ids, k)
  const isNewPair = evidence.kind === 'pair' && evidence.seen === 0 && byCounts >= BITS_OF_A_NEW_PAIR
  const isTold = evidence.kind === 'unseen' || isNewPair || byCounts >= TOLD_BY_COUNTS * bits
  const field = categoryColumnsOf(encoder.features)[k]!.name
  const text = categoryInWords(field, observed, isTold ? evidence : { kind: 'ordinary' }, expected)
  return { field, bits, observed, expected, range: null, text }
}
