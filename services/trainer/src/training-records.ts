import { type Feature, REJECTION_REASONS, type Rejection, type RejectionReason } from '@outflow/contracts'
import { type Fields, isRejection, makeReader, windowFiller } from '@outflow/encoding'
import type { RecordDecoder } from '@outflow/formats'
import type { NotedRecord, WindowRecord } from '@outflow/streams'
import { windowPlaces } from '@outflow/windows'
import type { WindowNote } from './window-notes.js'

/** What of a window a model can be fitted to. */
export interface TrainingRecords {
  /** In the order of the window. */
  readonly fields: readonly Fields[]
  /** Records that break their contract: skipped here, set aside by ingest. */
  readonly rejected: Readonly<Record<RejectionReason, number>>
  /** ISO 8601, the first and the last record that is used; null where there is none. */
  readonly window: { readonly from: string; readonly to: string } | null
}

/**
 * Decodes and reads a window's records, in order of time, as ingest would; windowed features are as noted.
 *
 * @throws {RegistryUnavailable | RegistryRefused} when a schema that a record names can not be fetched
 */
export async function readTrainingRecords(
  records: readonly NotedRecord<WindowNote>[],
  { features, decoder }: { readonly features: readonly Feature[]; readonly decoder: RecordDecoder },
): Promise<TrainingRecords> {
  await decoder.prepare(records.map(({ value }) => value))
  const read = makeReader(features)
  const fill = windowFiller(features, windowPlaces(features, features))
  const fields: Fields[] = []
  const rejected = Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, 0])) as Record<RejectionReason, number>
  const used: WindowRecord[] = []
  for (const source of records.toSorted((a, b) => a.timestampMs - b.timestampMs)) {
    const result = readOne(source)
    if ('reason' in result) rejected[result.reason] += 1
    else {
      fields.push(result)
      used.push(source)
    }
  }
  return { fields, rejected, window: windowOf(used) }

  function readOne({ value, note }: NotedRecord<WindowNote>): Fields | Rejection {
    const decoded = decoder.decode(value)
    const fields = 'record' in decoded ? read(decoded.record) : decoded
    if (note === undefined || isRejection(fields)) return fields
    return 'reason' in note ? note : fill(fields, note)
  }
}

function windowOf(used: readonly WindowRecord[]): TrainingRecords['window'] {
  const [first, last] = [used[0], used.at(-1)]
  if (first === undefined || last === undefined) return null
  return { from: new Date(first.timestampMs).toISOString(), to: new Date(last.timestampMs).toISOString() }
}
