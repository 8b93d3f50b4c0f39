import { clampTime, type Rejection } from '@outflow/contracts'
import { PARTITION } from '@outflow/contracts/feature'
import { messageReader, type OrderedReader, type ReaderOptions, type RecordDecoder } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import type { WindowRecord } from '@outflow/streams'

/** The kept part of a sampled record; its Kafka timestamp is clamped to the years 1 to 9999. */
export interface SampledRecord extends Pick<WindowRecord, 'topic' | 'partition' | 'offset' | 'timestampMs'> {
  /** Its fields, or why it breaks its contract. */
  readonly read: Fields | Rejection
}

export interface WindowsRead {
  readonly entities: number
  /** Entities with records in more than one partition: each of their windows contains only a part of the records. */
  readonly split: number
  /** Entities that were dropped from memory: their windows restarted empty. */
  readonly evicted: number
}

/** Twice the memory of ingest, because there is no store to load from. */
const MAX_BYTES_A_PARTITION = 32 * 1024 ** 2

/**
 * Reads records as ingest does, while the window is sampled: their bytes are not kept. With windowed features all records are read, because
 * each counts in the windows of later ones.
 *
 * `prepare` throws {RegistryUnavailable | RegistryRefused} when a schema that a record names cannot be fetched.
 */
export function readSampled({ source, features }: Pick<ReaderOptions, 'source' | 'features'>, decoder: RecordDecoder) {
  const reader = messageReader({ decoder, source, features, maxBytes: MAX_BYTES_A_PARTITION })
  const hasWindows = reader.longestWindowMs > 0
  return {
    prepare: decoder.prepare,
    keep: (record: WindowRecord): SampledRecord => {
      const { topic, partition, offset } = record
      const timestampMs = clampTime(record.timestampMs)
      const result = reader.read(record)
      return { topic, partition, offset, timestampMs, read: 'reason' in result ? result : result.fields }
    },
    ...(hasWindows && { aheadMs: reader.longestWindowMs }),
    /** The input of the windowed features; null: there are none. */
    windowsRead: (): WindowsRead | null =>
      hasWindows ? { ...countEntities(reader), evicted: reader.evicted() } : null,
  }
}

function countEntities(reader: Pick<OrderedReader<never>, 'entities'>): Pick<WindowsRead, 'entities' | 'split'> {
  const known = new Set<string>()
  const split = new Set<string>()
  for (const { by, entity } of reader.entities()) {
    const name = `${by} ${entity}`
    if (known.has(name) && by !== PARTITION) split.add(name)
    known.add(name)
  }
  return { entities: known.size, split: split.size }
}
