import type { Feature, Rejection } from '@outflow/contracts'
import {
  isRejection,
  longestWindowMs,
  makeObservationReader,
  makeReader,
  makeWindowStates,
  planWindows,
  type RecordDecoder,
  type WindowStates,
} from '@outflow/records'
import type { WindowRecord } from '@outflow/streams'

/** A record's windowed features, in their order; or why it breaks their contract. */
export type WindowNote = readonly number[] | Rejection

/** Windowed features of all records of a window, of which a model is fitted to a sample. */
export interface WindowNotes {
  /** Fetches what is needed to read some records. */
  readonly prepare: (records: readonly WindowRecord[]) => Promise<void>
  /** Called for every record, each partition's in the order of offsets; undefined for one that ingest would set aside. */
  readonly of: (record: WindowRecord) => WindowNote | undefined
  /** How much earlier than the training window the records begin that its first windows hold. */
  readonly beforeMs: number
  summarise(): WindowsRead
}

export interface WindowsRead {
  readonly entities: number
  /** Entities with records in more than one partition: their windows hold a part of what they did. */
  readonly split: number
  /** Entities that memory had no room for: their windows began anew. */
  readonly forgotten: number
}

/** Twice what ingest has: there is no store to load from. */
const MAX_BYTES_A_PARTITION = 32 * 1024 ** 2
/** Records between two looks at how much memory the states take. */
const SETTLE_EVERY = 1_000

/** Counts what ingest would, in the same order and with the same partitions apart; null without windowed features. */
export function noteWindows(features: readonly Feature[], decoder: RecordDecoder): WindowNotes | null {
  const plan = planWindows(features)
  if (plan === null) return null
  const read = makeReader(features)
  const readObservation = makeObservationReader(plan)
  const partitions = new Map<string, WindowStates>()
  let seen = 0
  let forgotten = 0
  const settle = () => {
    for (const states of partitions.values()) forgotten += states.settle().forgotten
  }
  const statesOf = ({ topic, partition }: WindowRecord): WindowStates => {
    const key = `${topic}/${partition}`
    const states = partitions.get(key) ?? makeWindowStates(plan, { maxBytes: MAX_BYTES_A_PARTITION })
    partitions.set(key, states)
    return states
  }
  return {
    prepare: async (records) => void (await decoder.prepare(records)),
    of: (source) => {
      const decoded = decoder.decode(source.value)
      if (!('record' in decoded) || isRejection(read(decoded.record))) return undefined
      const observation = readObservation(decoded.record, source)
      if ('reason' in observation) return observation
      seen += 1
      if (seen % SETTLE_EVERY === 0) settle()
      return statesOf(source).observe(observation)
    },
    beforeMs: longestWindowMs(plan),
    summarise: () => {
      settle()
      return { ...countEntities([...partitions.values()]), forgotten }
    },
  }
}

function countEntities(partitions: readonly WindowStates[]): Pick<WindowsRead, 'entities' | 'split'> {
  const known = new Set<string>()
  const split = new Set<string>()
  for (const states of partitions) {
    for (const { by, entity } of states.entities()) {
      const name = `${by} ${entity}`
      if (known.has(name)) split.add(name)
      known.add(name)
    }
  }
  return { entities: known.size, split: split.size }
}
