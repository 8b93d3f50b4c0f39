import { type Fields, isRejection } from '@outflow/records'
import type { Detector } from './detector.js'

/** How much less likely each of two models finds records that the other makes up, nats a record. */
export interface Divergence {
  /** Records of the second under the first. */
  readonly secondToFirst: number
  readonly firstToSecond: number
}

const SAMPLED = 1_000
const SEED = 1

/** Estimates the Kullback-Leibler divergences of two models' densities; null where their features differ. */
export async function divergenceOf(first: Detector, second: Detector): Promise<Divergence | null> {
  if (JSON.stringify(first.metadata.features) !== JSON.stringify(second.metadata.features)) return null
  return { secondToFirst: await meanExcess(second, first), firstToSecond: await meanExcess(first, second) }
}

/** mean(nll of `judge` − nll of `maker`) over records that `maker` makes up. */
async function meanExcess(maker: Detector, judge: Detector): Promise<number> {
  const records = (await maker.sample(SAMPLED, SEED))
    .map((record) => maker.read(record))
    .filter((read): read is Fields => !isRejection(read))
  const own = await maker.score(records)
  const other = await judge.score(records)
  return other.nll.reduce((sum, nll, index) => sum + nll - own.nll[index]!, 0) / records.length
}
