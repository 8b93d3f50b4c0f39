import type { Feature, Rejection } from '@outflow/contracts'
import { PARTITION } from '@outflow/contracts/feature'
import type { Fields } from '../fields/fields.js'
import { inWholeRecords, type Locate } from '../fields/path.js'
import { fieldReader } from '../fields/reader.js'
import { entityOf, hashOf, textOfKey } from './names.js'
import type { Series, WindowFeature, WindowPlan } from './plan.js'

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

/**
 * Compiles a plan to the function that reads records. Fields are read like features: entities and values of `distinct` as
 * categories, numbers as numbers, event times as times; only an event time must not be missing.
 *
 * @param locate  resolves a path. Default: in a whole record
 */
export function makeObservationReader({ groups }: WindowPlan, locate: Locate = inWholeRecords) {
  const inputs: Feature[] = []
  const numbers: string[] = []
  const categories: string[] = []
  /** Index of an input among the numbers or categories of the reader's fields; the same input is read once. */
  const placeIn = (list: string[], feature: Exclude<Feature, WindowFeature>): number => {
    const id = `${feature.type} ${feature.path}`
    if (!list.includes(id)) {
      list.push(id)
      inputs.push(feature)
    }
    return list.indexOf(id)
  }
  const category = (path: string): ((fields: Fields) => string | null) => {
    const place = placeIn(categories, { path, type: 'categorical', optional: true })
    return (fields) => fields.categories[place]!
  }
  const number = (feature: Exclude<Feature, WindowFeature>): ((fields: Fields) => number) => {
    const place = placeIn(numbers, feature)
    return (fields) => fields.numbers[place]!
  }
  const entityReader = (by: string | null): ((fields: Fields, key: Buffer | null) => string | null) => {
    if (by === PARTITION) return () => ''
    return by === null ? (_, key) => textOfKey(key) : category(by)
  }
  const valueReader = ({ kind, of }: Series): ((fields: Fields) => number) => {
    if (of === null) return () => 0
    if (kind !== 'values') return number({ path: of, type: 'numeric', optional: true })
    const readValue = category(of)
    return (fields) => hashOf(readValue(fields))
  }
  const readers = groups.map(({ by, series }) => ({
    readEntity: entityReader(by),
    series: series.map((own) => ({
      at: own.at,
      readValue: valueReader(own),
      readTime: own.at === null ? null : number({ path: own.at, type: 'cyclic', period: 'day', optional: true }),
    })),
  }))
  const read = fieldReader(inputs, locate)

  return (record: unknown, { key, timestampMs }: MessageFacts): Observation | Rejection => {
    const fields = read(record)
    if ('reason' in fields) return fields
    const observation = { entities: [] as (string | null)[], times: [] as number[][], values: [] as number[][] }
    for (const { readEntity, series } of readers) {
      observation.entities.push(entityOf(readEntity(fields, key)))
      const times: number[] = []
      const values: number[] = []
      for (const { at, readValue, readTime } of series) {
        const atMs = readTime === null ? timestampMs : readTime(fields)
        if (Number.isNaN(atMs)) {
          return { reason: 'bad_timestamp', detail: `${at}: the event time of a windowed feature may not be missing` }
        }
        times.push(atMs)
        values.push(readValue(fields))
      }
      observation.times.push(times)
      observation.values.push(values)
    }
    return observation
  }
}
