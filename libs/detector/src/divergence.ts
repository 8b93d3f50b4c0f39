import { isDeepStrictEqual } from 'node:util'
import type { Fields } from '@outflow/records/fields'
import type { Detector } from './detector.js'
import { sameFeatures } from './same-features.js'
import { withDetector } from './with-detector.js'

/** Kullback–Leibler divergences between the densities of two models, nats per record. */
interface Divergence {
  /** Mean excess NLL under the first model of records that the second one samples. */
  readonly secondToFirst: number
  /** Mean excess NLL under the second model of records that the first one samples. */
  readonly firstToSecond: number
}

const SAMPLED = 1_000
const SEED = 1

/**
 * Estimates the Kullback–Leibler divergences of two models' densities, given their artefacts; null if their features or the usual values of their
 * numbers differ.
 *
 * @throws {ModelUnusable}
 */
export function divergenceOf(first: Uint8Array, second: Uint8Array): Promise<Divergence | null> {
  return withDetector(first, (one) =>
    withDetector(second, async (two) => {
      const isComparable =
        sameFeatures(one.metadata, two.metadata.features) && isDeepStrictEqual(one.usualOf, two.usualOf)
      if (!isComparable) return null
      return { secondToFirst: await meanExcess(two, one), firstToSecond: await meanExcess(one, two) }
    }),
  )
}

/** mean(nll of `other` − nll of `sampler`) over records that `sampler` draws. */
async function meanExcess(sampler: Detector, other: Detector): Promise<number> {
  const records = await sampler.sampleFields(SAMPLED, SEED)
  const bySampler = await comparableNllOf(sampler, records)
  const byOther = await comparableNllOf(other, records)
  return byOther.reduce((sum, nll, index) => sum + nll - bySampler[index]!, 0) / SAMPLED
}

async function comparableNllOf(detector: Detector, records: readonly Fields[]): Promise<Float64Array> {
  return detector.comparableNll(records, (await detector.score(records)).nll)
}
