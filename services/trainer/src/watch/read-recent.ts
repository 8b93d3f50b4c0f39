import { type Fields, isRejection } from '@outflow/records'
import { sampleWindow } from '@outflow/streams'
import type { TrainerContext } from '../trainer-context.js'
import { readSampled } from '../window/sampled-records.js'

/** Enough to estimate a share of one hundredth to within a quarter. */
const MOST_RECORDS = 2_000

/** Reads a sample of the records since a time, without rejected ones. */
export async function readRecent(
  { config, kafka, decoder, signal }: TrainerContext,
  sinceMs: number,
): Promise<readonly Fields[]> {
  const { source, training } = config
  const { records } = await sampleWindow(kafka, {
    topics: source.topics,
    skipTombstones: source.tombstones === 'skip',
    fromMs: sinceMs,
    maxRows: MOST_RECORDS,
    seed: training.seed,
    ...readSampled(config, decoder),
    signal,
  })
  return records.map(({ read }) => read).filter((read): read is Fields => !isRejection(read))
}
