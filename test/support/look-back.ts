import type { Feature } from '@outflow/contracts'
import {
  type Fields,
  makeObservationReader,
  makeWindowStates,
  planWindows,
  type WindowStates,
  windowFiller,
  windowPlaces,
} from '@outflow/records'

/** What Kafka says of a record, its partition included: each has windows of its own. */
export interface PlacedMessage {
  readonly partition: number
  readonly key: Buffer | null
  readonly timestampMs: number
}

/**
 * Gives the function that puts windowed features into fields, for records that come in the order of offsets, all of them
 * from the first, with memory without bound: what an ingest that nothing happens to would do. Null without windows.
 */
export function lookBackBy(
  features: readonly Feature[],
): ((fields: Fields, record: unknown, message: PlacedMessage) => Fields) | null {
  const plan = planWindows(features)
  if (plan === null) return null
  const read = makeObservationReader(plan)
  const fill = windowFiller(features, windowPlaces(features, features))
  const partitions = new Map<number, WindowStates>()
  return (fields, record, message) => {
    const states = partitions.get(message.partition) ?? makeWindowStates(plan, { maxBytes: Number.POSITIVE_INFINITY })
    partitions.set(message.partition, states)
    const observation = read(record, message)
    if ('reason' in observation) throw new Error(`a sound record was rejected: ${observation.detail}`)
    return fill(fields, states.observe(observation))
  }
}
