import type { Counterfactual, Reason } from '@outflow/contracts'
import { categoryEvidence, categoryNll, type Encoder, encodeBatch, withCategory } from '@outflow/encoding'
import { categoryColumnsOf } from '@outflow/records/fields'
import { argMin, toBits } from '../bits.js'
import type { Candidate } from './counterfactual.js'
import { categoryInWords } from './reason-text.js'

/** The counts are the reason if they have this share of a category's bits; otherwise the category does not fit the numbers. */
const SHARE_OF_COUNTS = 0.5
/** A pair that was not counted is the reason if the counts have this many bits, even if the numbers add more. */
const BITS_OF_A_NEW_PAIR = 6

/**
 * The reason that one category gives for a record's surprise.
 *
 * @param tried           candidate values of the category; the record's NLL with each of them, nats
 * @param counterfactual  its value is expected if no other value alone is likelier than the record's
 */
export function categoryReason(
  encoder: Encoder,
  { fields, nll: recordNll }: Candidate,
  k: number,
  tried: { readonly values: readonly (string | null)[]; readonly nll: Float64Array },
  counterfactual: Counterfactual | null,
): Reason {
  const best = argMin(tried.nll)
  const observed = fields.categories[k]!
  const likeliest = tried.values[best]!
  const bits = toBits(recordNll - tried.nll[best]!)
  const { ids } = encodeBatch(encoder, [fields, withCategory(fields, k, likeliest)])
  const nllOfCounts = categoryNll(encoder.tree)
  const byCounts = toBits(nllOfCounts(ids, 0) - nllOfCounts(ids, ids.length / 2))
  const evidence = categoryEvidence(encoder, ids, k)
  const isNewPair = evidence.kind === 'pair' && !evidence.seen && byCounts >= BITS_OF_A_NEW_PAIR
  const isByCounts = evidence.kind === 'unseen' || isNewPair || byCounts >= SHARE_OF_COUNTS * bits
  const field = categoryColumnsOf(encoder.features)[k]!.name
  const change = counterfactual?.changes.find((own) => own.field === field)
  const expected = likeliest === observed && change !== undefined ? (change.to as string | null) : likeliest
  const text = categoryInWords(field, observed, isByCounts ? evidence : { kind: 'common' }, expected)
  return { field, bits, observed, expected, range: null, text }
}
