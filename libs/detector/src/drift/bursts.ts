/** A span of a window that contains significantly many of its least likely records. */
export interface Burst {
  /** Index of the first and of the last record. */
  readonly first: number
  readonly last: number
  /** Number of the window's least likely records in it. */
  readonly unlikely: number
}

/**
 * Finds bursts of unlikely records, such as those of an incident: spans in which the share of the least likely records is a quarter
 * instead of `contamination`. Each record adds its log-likelihood ratio of the two shares, and a burst is a span of maximal sum.
 *
 *     P(largest sum of n independent records ≥ s) ≤ n·exp(−s)
 *
 * @param nll            [n], of a window's records in order of time, nats
 * @param contamination  share of the window that may be anomalies; more than a hundredth counts as a hundredth, 0 finds no bursts
 * @returns in order of time; with independent records, one window in a million has a burst
 * @see Karlin & Altschul 1990, PNAS 87(6): maximal scoring segments
 */
export function findBursts(nll: Float64Array, contamination: number): readonly Burst[] {
  const share = Math.min(contamination, LARGEST_SHARE)
  const count = Math.floor(share * nll.length)
  if (count === 0) return []
  // Equal NLLs at the level are not among the least likely: there may be any number of them.
  const level = nll.toSorted()[nll.length - count - 1]!
  const gain = Math.log(SHARE_IN_BURST / share)
  const loss = Math.log((1 - SHARE_IN_BURST) / (1 - share))
  const least = Math.log(nll.length / CHANCE)
  return burstsWithin(0, nll.length)

  function burstsWithin(begin: number, end: number): readonly Burst[] {
    let best: Burst = { first: begin, last: begin, unlikely: 0 }
    let [bestSum, sum, first, unlikely] = [0, 0, begin, 0]
    for (let index = begin; index < end; index++) {
      if (sum <= 0) [sum, first, unlikely] = [0, index, 0]
      const isUnlikely = nll[index]! > level
      sum += isUnlikely ? gain : loss
      if (isUnlikely) unlikely += 1
      if (sum > bestSum) {
        bestSum = sum
        best = { first, last: index, unlikely }
      }
    }
    if (bestSum < least) return []
    return [...burstsWithin(begin, best.first), best, ...burstsWithin(best.last + 1, end)]
  }
}

const LARGEST_SHARE = 0.01
const SHARE_IN_BURST = 0.25
/** Probability that a window of independent records has a burst. */
const CHANCE = 1e-6
