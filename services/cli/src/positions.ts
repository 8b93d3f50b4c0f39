import type { Position } from '@outflow/contracts'
import { UsageError } from './errors.js'

/** @throws {UsageError} when the text is not of the form topic/partition/offset */
export function parsePosition(text: string): Position {
  const match = /^([^/]+)\/(\d{1,9})\/(\d{1,19})$/.exec(text)
  if (!match) throw new UsageError(`a record is named topic/partition/offset, such as flights/2/18043; got ${text}`)
  return { topic: match[1]!, partition: Number(match[2]), offset: BigInt(match[3]!) }
}

/** @throws {UsageError} when the id is not of the form pipeline/topic/partition/offset */
export function parseAnomalyId(id: string): { pipeline: string; position: Position } {
  const match = /^([^/]+)\/([^/]+)\/(\d{1,9})\/(\d{1,19})$/.exec(id)
  if (!match)
    throw new UsageError(
      `an anomaly is named pipeline/topic/partition/offset, such as flights/flights/2/18043; got ${id}`,
    )
  const [, pipeline, topic, partition, offset] = match
  return { pipeline: pipeline!, position: { topic: topic!, partition: Number(partition), offset: BigInt(offset!) } }
}
