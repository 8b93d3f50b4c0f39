import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

interface GainOptions {
  /** Share of the records that may be anomalies: this share of the records least likely under both densities is left out. */
  readonly contamination: number
  readonly seed: number
}

/**
 * Compares two densities on the same records, with a paired bootstrap of the mean difference:
 *
 *     gain = mean(nll of the other − nll of the candidate)
 *
 * The records least likely under both are left out, because a higher NLL of an anomaly is not a disadvantage. A record counts for at
 * most 20 nats, because an NLL may reach 1e7 and a single record must not decide.
 *
 * @param candidate  [n] nats, of at least one record
 * @param other      [n] nats, of the same records
 * @returns the mean gain, the ends of its 95 % interval, nats a record, and the number of compared records
 * @see Efron & Tibshirani 1993, An Introduction to the Bootstrap, § 13.3: the percentile interval
 */
export function pairedGain(candidate: Float64Array, other: Float64Array, { contamination, seed }: GainOptions) {
  const differences = other.map((nll, index) => {
    const difference = nll - candidate[index]!
    return Math.max(-LARGEST, Math.min(LARGEST, difference))
  })
  const leftOut = Math.floor(contamination * candidate.length)
  const byBoth = candidate.map((nll, index) => Math.min(nll, other[index]!))
  const kept = Uint32Array.from(byBoth.keys())
    .sort((a, b) => byBoth[a]! - byBoth[b]!)
    .subarray(0, candidate.length - leftOut)
  const paired = Float64Array.from(kept, (index) => differences[index]!)
  const means = resampledMeans(paired, seed)
  return {
    mean: paired.reduce((sum, value) => sum + value, 0) / paired.length,
    lower: means[Math.floor(TAIL * RESAMPLES)]!,
    upper: means[Math.ceil((1 - TAIL) * RESAMPLES) - 1]!,
    records: paired.length,
  }
}

/** Ascending. */
function resampledMeans(values: Float64Array, seed: number): Float64Array {
  const random = xoroshiro128plus(seed)
  return Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0
    for (let draw = 0; draw < values.length; draw++) sum += values[uniformInt(random, 0, values.length - 1)]!
    return sum / values.length
  }).sort()
}

const RESAMPLES = 1_000
const TAIL = 0.025
const LARGEST = 20
