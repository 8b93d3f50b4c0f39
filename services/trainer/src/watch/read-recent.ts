import type { Feature } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { sampleWindow } from '@outflow/streams'
import type { TrainerContext } from '../trainer-context.js'
import { readSampled } from '../window/sampled-records.js'

/**
 * Reads a sample of the records since a time, epoch ms, without rejected ones.
 *
 * @param features  those of the model that scores the records: the configuration may have others
 */
export type ReadRecent = (sinceMs: number, features: readonly Feature[]) => Promise<readonly Fields[]>

/** Enough to estimate a share of one hundredth to within a quarter. */
const MOST_RECORDS = 2_000

export const readRecentBy =
  ({ config: { source, training }, kafka, decoder, signal }: TrainerContext): ReadRecent =>
  async (sinceMs, features) => {
    const { records } = await sampleWindow(kafka, {
      topics: source.topics,
      skipTombstones: source.tombstones === 'skip',
      fromMs: sinceMs,
      maxRows: MOST_RECORDS,
      seed: training.seed,
      ...readSampled({ source, features }, decoder),
      signal,
    })
    return records.flatMap(({ read }) => ('reason' in read ? [] : [read]))
  }
