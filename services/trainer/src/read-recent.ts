import type { Fields } from '@outflow/records'
import { sampleWindow } from '@outflow/streams'
import type { Leading } from './leading.js'
import { keepFields, selectTrainingRecords } from './training-records.js'
import { noteWindows } from './window-notes.js'

const NOTHING = { confirmed: new Set<string>(), spans: [] }
/** Tells a share of a hundredth to a quarter of itself. */
const MOST_RECORDS = 2_000

/** Reads a sample of the good records since a time. */
export async function readRecent(
  { config, kafka, decoder, signal }: Leading,
  sinceMs: number,
): Promise<readonly Fields[]> {
  const { features, source, training } = config
  const notes = noteWindows(features, decoder)
  const { records } = await sampleWindow(kafka, {
    topics: source.topics,
    skipTombstones: source.tombstones === 'skip',
    fromMs: sinceMs,
    maxRows: MOST_RECORDS,
    seed: training.seed,
    keep: keepFields(features, decoder),
    ...(notes && { note: notes }),
    signal,
  })
  return selectTrainingRecords(records, NOTHING).fields
}
