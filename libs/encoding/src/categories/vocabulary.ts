/** The values of one category that are frequent enough in training, with their counts; null is the missing value. */
export interface Vocabulary {
  readonly name: string
  /** The value of id k + 1; id 0 is every value not listed. */
  readonly values: readonly (string | null)[]
  /** [values + 1]; rows by id; at 0 the rows whose value is not listed */
  readonly counts: Float64Array
  readonly ids: ReadonlyMap<string | null, number>
}

/** A category with more values is a key; its rarest values count as unseen. */
const LARGEST_VOCABULARY = 20_000

/** The most frequent values first; ties in the order of their first appearance. */
export function fitVocabulary(name: string, column: readonly (string | null)[]): Vocabulary {
  const tally = new Map<string | null, number>()
  for (const value of column) tally.set(value, (tally.get(value) ?? 0) + 1)
  const kept = [...tally].sort((a, b) => b[1] - a[1]).slice(0, LARGEST_VOCABULARY)
  const counts = Float64Array.of(0, ...kept.map(([, count]) => count))
  counts[0] = column.length - counts.reduce((sum, count) => sum + count, 0)
  return makeVocabulary(
    name,
    kept.map(([value]) => value),
    counts,
  )
}

export function makeVocabulary(name: string, values: readonly (string | null)[], counts: Float64Array): Vocabulary {
  return { name, values, counts, ids: new Map(values.map((value, index) => [value, index + 1])) }
}

/** Two categories share a vocabulary when this share of the smaller one's values is in the other. */
const SHARED = 0.5

/**
 * Matches the equal values of two vocabularies.
 *
 * @returns [ids of the first]: the id of the second with the same value, 0 for none; null if they do not share values
 */
export function findTwins(first: Vocabulary, second: Vocabulary): Int32Array | null {
  const twin = Int32Array.of(0, ...first.values.map((value) => (value === null ? 0 : (second.ids.get(value) ?? 0))))
  const shared = twin.reduce((count, id) => count + (id > 0 ? 1 : 0), 0)
  const isShared = shared > 1 && shared >= SHARED * Math.min(first.values.length, second.values.length)
  return isShared ? twin : null
}
