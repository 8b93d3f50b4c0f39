import type { EntityName, EntityState } from '@outflow/contracts'
import { decodeStates, encodeStates } from './codec.js'
import { measure } from './measure.js'
import type { Observation } from './observation.js'
import type { Series, WindowPlan } from './plan.js'
import { emptySeries, makeBefore, observe, type SeriesState } from './series-state.js'

/** The window states of the entities of one sequence of records, such as a partition. */
export type WindowStates = ReturnType<typeof makeWindowStates>

/** Counts since the last `settle`. */
export interface SettleResult {
  /** Records older than a window of their entity: not counted in it, and its feature is missing. */
  readonly late: number
  /** Entities dropped from memory. */
  readonly evicted: number
}

interface Entry {
  readonly states: readonly SeriesState[]
  /** The round in which the entity was last seen; each `settle` starts a round. */
  round: number
  bytes: number
}

/** Approximate overhead of an entry, and of each series without its cells. */
const ENTRY_BYTES = 250
const SERIES_BYTES = 200

/**
 * Returns empty states. The same records in the same order give the same features and states, however they are batched or reloaded.
 *
 * @param maxBytes  memory for states; the entities of the records since the last `settle` are in addition
 */
export function makeWindowStates({ groups, count }: WindowPlan, { maxBytes }: { readonly maxBytes: number }) {
  const kept = groups.map(({ by, series }) => ({ by: by ?? 'key', series, entries: new Map<string, Entry>() }))
  const before = makeBefore()
  let touched: { readonly group: number; readonly entity: string; readonly entry: Entry }[] = []
  let round = 1
  let bytes = 0
  let late = 0

  const entryOf = (group: number, entity: string): Entry => {
    const { entries, series } = kept[group]!
    let entry = entries.get(entity)
    if (entry?.round === round) return entry
    if (entry === undefined) entry = { states: series.map(emptySeries), round, bytes: 0 }
    else entries.delete(entity)
    // A Map keeps insertion order, so the most recently seen entity is last.
    entries.set(entity, entry)
    entry.round = round
    touched.push({ group, entity, entry })
    return entry
  }

  const writeMeasures = (features: number[], measures: Series['measures'], value: number): void => {
    for (const { place, aggregate, needsWhole } of measures)
      if (before.isWhole || !needsWhole) features[place] = measure(aggregate, before, value)
  }

  const updateBytes = (entry: Entry): void => {
    const now = entry.states.reduce((sum, { cells }) => sum + SERIES_BYTES + cells.byteLength, ENTRY_BYTES)
    bytes += now - entry.bytes
    entry.bytes = now
  }

  /** Drops the entities of the earliest rounds until `maxBytes` holds, and returns how many. */
  const dropOldest = (): number => {
    if (bytes <= maxBytes) return 0
    const queues = kept.map(({ entries }) => {
      const oldestFirst = entries.entries()
      return { entries, oldestFirst, head: oldestFirst.next().value }
    })
    let evicted = 0
    while (bytes > maxBytes) {
      const oldest = queues.reduce((a, b) => (roundOf(b.head) < roundOf(a.head) ? b : a))
      const [entity, entry] = oldest.head!
      oldest.entries.delete(entity)
      oldest.head = oldest.oldestFirst.next().value
      bytes -= entry.bytes
      evicted += 1
    }
    return evicted
  }

  return {
    /** Returns the entities of records that are not in memory: new ones, and those dropped or never loaded. */
    absent: (observations: readonly Observation[]): readonly EntityName[] => {
      const names = kept.map(() => new Set<string>())
      for (const { entities } of observations) {
        entities.forEach((entity, group) => {
          if (entity !== null && !kept[group]!.entries.has(entity)) names[group]!.add(entity)
        })
      }
      return names.flatMap((entities, group) => Array.from(entities, (entity) => ({ by: kept[group]!.by, entity })))
    },
    /** Loads stored entities into memory. */
    put: (states: readonly EntityState[]): void => {
      for (const { by, entity, state } of states) {
        const group = kept.findIndex((candidate) => candidate.by === by)
        if (group === -1) continue
        const entry = { states: decodeStates(kept[group]!.series, state), round: 0, bytes: 0 }
        updateBytes(entry)
        kept[group]!.entries.set(entity, entry)
      }
    },
    /** Counts a record and returns its windowed features, [count]; NaN is missing. */
    observe: ({ entities, times, values }: Observation): number[] => {
      const features = new Array<number>(count).fill(Number.NaN)
      let isLate = false
      for (let group = 0; group < kept.length; group += 1) {
        const entity = entities[group]!
        if (entity === null) continue
        const { states } = entryOf(group, entity)
        const { series } = kept[group]!
        for (let index = 0; index < series.length; index += 1) {
          const { kind, bucketMs, measures } = series[index]!
          const value = values[group]![index]!
          if (observe(kind, states[index]!, before, times[group]![index]!, value, bucketMs))
            writeMeasures(features, measures, value)
          else isLate = true
        }
      }
      if (isLate) late += 1
      return features
    },
    /** Returns the current states of the entities with records since the last `settle`. */
    changed: (): readonly EntityState[] =>
      touched.map(({ group, entity, entry }) => {
        const { by, series } = kept[group]!
        return { by, entity, state: encodeStates(series, entry.states) }
      }),
    /** Drops the least recently seen entities until `maxBytes` holds. */
    settle: (): SettleResult => {
      for (const { entry } of touched) updateBytes(entry)
      touched = []
      round += 1
      const settled = { late, evicted: dropOldest() }
      late = 0
      return settled
    },
    /** Names of the entities in memory. */
    *entities(): Iterable<EntityName> {
      for (const { by, entries } of kept) for (const entity of entries.keys()) yield { by, entity }
    },
  }
}

/** The round in which the first entity of a queue was last seen; infinity if the queue is empty. */
const roundOf = (head: readonly [string, Entry] | undefined) => head?.[1].round ?? Number.POSITIVE_INFINITY
