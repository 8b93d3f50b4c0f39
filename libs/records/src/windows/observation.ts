import { type Feature, PARTITION, type Rejection } from '@outflow/contracts'
import { inWholeRecords, type Locate } from '../fields/path.js'
import { fieldReader, isRejection } from '../fields/reader.js'
import { entityOf, hashOf } from './names.js'
import type { WindowPlan } from './plan.js'

/** The input of the windowed features from one record. */
export interface Observation {
  /** [groups]; entity of the record, null if it is missing */
  readonly entities: readonly (string | null)[]
  /** [groups][series]; event time, epoch ms */
  readonly times: readonly (readonly number[])[]
  /** [groups][series]; the number, or the hash of the value; NaN is missing */
  readonly values: readonly (readonly number[])[]
}

/** Kafka's metadata of a record. */
export interface MessageFacts {
  readonly key: Buffer | null
  readonly timestampMs: number
}

/** Returns the observation of a decoded record, or the reason why it breaks its contract. */
type ObservationReader = (record: unknown, message: MessageFacts) => Observation | Rejection

/**
 * Compiles a plan to the function that reads records. Fields are read like features: entities and values of `distinct` as
 * categories, numbers as numbers, event times as times; only an event time must not be missing.
 *
 * @param locate  resolves a path. Default: in a whole record
 */
export function makeObservationReader({ groups }: WindowPlan, locate: Locate = inWholeRecords): ObservationReader {
  const inputs = new Map<string, Feature>()
  const input = (type: 'numeric' | 'categorical' | 'cyclic', path: string): string => {
    const id = `${type} ${path}`
    inputs.set(id, type === 'cyclic' ? { path, type, period: 'day', optional: true } : { path, type, optional: true })
    return id
  }
  const wanted = groups.map(({ by, series }) => ({
    by,
    entity: by === null || by === PARTITION ? null : input('categorical', by),
    series: series.map(({ kind, of, at }) => ({
      value: of === null ? null : input(kind === 'values' ? 'categorical' : 'numeric', of),
      time: at === null ? null : input('cyclic', at),
      at,
    })),
  }))
  const read = fieldReader([...inputs.values()], locate)
  // The reader's two lists, numbers (including times) and categories, each in the order of the inputs.
  const isCategory = (id: string) => id.startsWith('categorical')
  const numbers = [...inputs.keys()].filter((id) => !isCategory(id))
  const categories = [...inputs.keys()].filter(isCategory)
  const places = wanted.map(({ by, entity, series }) => ({
    isPartition: by === PARTITION,
    entity: entity === null ? -1 : categories.indexOf(entity),
    series: series.map(({ value, time, at }) => ({
      at,
      time: time === null ? -1 : numbers.indexOf(time),
      number: value === null || isCategory(value) ? -1 : numbers.indexOf(value),
      category: value === null || !isCategory(value) ? -1 : categories.indexOf(value),
    })),
  }))

  return (record, { key, timestampMs }) => {
    const fields = read(record)
    if (isRejection(fields)) return fields
    const observation = { entities: [] as (string | null)[], times: [] as number[][], values: [] as number[][] }
    for (const { isPartition, entity, series } of places) {
      const ofKeyOrField = entity === -1 ? (key?.toString('utf8') ?? null) : fields.categories[entity]!
      const name = isPartition ? '' : ofKeyOrField
      observation.entities.push(name === null ? null : entityOf(name))
      const times: number[] = []
      const values: number[] = []
      for (const { at, time, number, category } of series) {
        const atMs = time === -1 ? timestampMs : fields.numbers[time]!
        if (Number.isNaN(atMs)) {
          return { reason: 'bad_timestamp', detail: `${at}: the event time of a windowed feature may not be missing` }
        }
        times.push(atMs)
        if (category !== -1) values.push(hashOf(fields.categories[category]!))
        else values.push(number === -1 ? 0 : fields.numbers[number]!)
      }
      observation.times.push(times)
      observation.values.push(values)
    }
    return observation
  }
}
