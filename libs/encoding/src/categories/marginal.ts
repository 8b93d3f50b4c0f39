/**
 * p(v) of one category from its counts, an unseen value included:
 *
 *     p(unseen) = (n₀ + n₁ + ½) / (n + 1)        p(v) = (1 − p(unseen)) · n_v / (n − n₀)
 *
 * n₀ rows have values outside the vocabulary and n₁ values were seen once: by Good and Turing, the next value is new with
 * probability n₁ / n. In a column of keys, unseen values therefore have most of the probability, at most n / (n + 1); if all
 * n rows have values outside the vocabulary, they have all of it.
 *
 * @param counts  [values + 1]; rows by id, id 0 for values outside the vocabulary
 * @returns [values + 1]; sums to 1; id 0 is p(unseen)
 * @see Good 1953, Biometrika 40, eq. 9
 */
export function marginal(counts: Float64Array): Float64Array {
  let rows = 0
  let singles = 0
  for (const count of counts) rows += count
  for (let id = 1; id < counts.length; id++) if (counts[id] === 1) singles++
  const unlisted = counts[0]!
  const listed = rows - unlisted
  if (listed === 0) return counts.map((_, id) => (id === 0 ? 1 : 0))
  const unseen = Math.min(unlisted + singles + 0.5, rows) / (rows + 1)
  return counts.map((count, id) => (id === 0 ? unseen : ((1 - unseen) * count) / listed))
}
