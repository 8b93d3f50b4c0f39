import type { Reason } from '@outflow/contracts'
import { categoryEvidence, categoryNll, type Encoder, encodeBatch, withCategory } from '@outflow/encoding'
import { categoryColumnsOf, type Fields } from '@outflow/records'
import { argMin, toBits } from '../bits.js'
import { categoryInWords } from './reason-text.js'

/** The counts are the reason if they have this share of a category's bits; otherwise the category does not fit the numbers. */
const SHARE_OF_COUNTS = 0.5
/** A pair that was not counted is the reason if the counts have this many bits, even if the numbers add more. */
const BITS_OF_A_NEW_PAIR = 6

/**
 * The reason that one category gives for a record's surprise.
 *
 * @param recordNll  nats; the NLL of the record as it is
 * @param values     candidate values of the category
 * @param nll        [values]; the record's NLL with each of them, nats
 */
export function categoryReason(
  encoder: Encoder,
  fields: Fields,
  k: number,
  recordNll: number,
  values: readonly (string | null)[],
  nll: Float64Array,
): Reason {
  const best = argMin(nll)
  const observed = fields.categories[k]!
  const expected = values[best]!
  const bits = toBits(recordNll - nll[best]!)
  const { ids } = encodeBatch(encoder, [fields, withCategory(fields, k, expected)])
  const nllOfCounts = categoryNll(encoder.tree)
  const byCounts = toBits(nllOfCounts(ids, 0) - nllOfCounts(ids, ids.length / 2))
  const evidence = categoryEvidence(encoder, ids, k)
  const isNewPair = evidence.kind === 'pair' && !evidence.seen && byCounts >= BITS_OF_A_NEW_PAIR
  const isByCounts = evidence.kind === 'unseen' || isNewPair || byCounts >= SHARE_OF_COUNTS * bits
  const field = categoryColumnsOf(encoder.features)[k]!.name
  const text = categoryInWords(field, observed, isByCounts ? evidence : { kind: 'common' }, expected)
  return { field, bits, observed, expected, range: null, text }
}
