/**
 * Two-sided p-value of Wilcoxon's signed-rank test that paired values differ, by the normal approximation with the correction for ties. Equal
 * pairs are left out.
 *
 * @param differences  [n]; the approximation is good from about 20 on
 * @returns 1 if no pair differs
 * @see Wilcoxon 1945, Individual comparisons by ranking methods
 */
export function wilcoxonPValue(differences: readonly number[]): number {
  const own = differences.filter((difference) => difference !== 0)
  const sizes = own.map(Math.abs)
  const ranks = ranksOf(sizes)
  const n = own.length
  const positive = own.reduce((sum, difference, at) => sum + (difference > 0 ? ranks[at]! : 0), 0)
  const counts = [...new Set(sizes)].map((size) => sizes.filter((other) => other === size).length)
  const ties = counts.reduce((sum, count) => sum + count ** 3 - count, 0)
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48
  if (!(variance > 0)) return 1
  return normalTails(Math.abs(positive - (n * (n + 1)) / 4) / Math.sqrt(variance))
}

/** Ranks from 1, the lowest value first; equal values share their mean rank. */
export function ranksOf(values: readonly number[]): readonly number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length
    const equal = values.filter((other) => other === value).length
    return below + (equal + 1) / 2
  })
}

/** P(|Z| ≥ z), to 1e-7. @see Abramowitz & Stegun 1964, 7.1.26 */
function normalTails(z: number): number {
  const x = z / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const series = 0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
  return t * series * Math.exp(-x * x)
}
