import { type Fields, isRejection } from '@outflow/records'
import type { Detector } from './detector.js'

/** Kullback–Leibler divergences between the densities of two models, nats per record. */
export interface Divergence {
  /** Mean excess NLL under the first model of records that the second one samples. */
  readonly secondToFirst: number
  /** Mean excess NLL under the second model of records that the first one samples. */
  readonly firstToSecond: number
}

const SAMPLED = 1_000
const SEED = 1

/** Estimates the Kullback–Leibler divergences of two models' densities; null where their features differ. */
export async function divergenceOf(first: Detector, second: Detector): Promise<Divergence | null> {
  if (JSON.stringify(first.metadata.features) !== JSON.stringify(second.metadata.features)) return null
  return { secondToFirst: await meanExcess(second, first), firstToSecond: await meanExcess(first, second) }
}

/** mean(nll of `other` − nll of `sampler`) over records that `sampler` draws. */
async function meanExcess(sampler: Detector, other: Detector): Promise<number> {
  const records = (await sampler.sample(SAMPLED, SEED))
    .map((record) => sampler.read(record))
    .filter((read): read is Fields => !isRejection(read))
  const own = await sampler.score(records)
  const others = await other.score(records)
  return others.nll.reduce((sum, nll, index) => sum + nll - own.nll[index]!, 0) / records.length
}
