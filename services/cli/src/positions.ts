import { type Position, parseAnomalyId, parsePosition } from '@outflow/contracts'
import { UsageError } from './errors.js'

/** @throws {UsageError} when the text is not of the form topic/partition/offset */
export function requirePosition(text: string): Position {
  const position = parsePosition(text)
  if (position !== null) return position
  throw new UsageError(`a record is named topic/partition/offset, such as flights/2/18043; got ${text}`)
}

export type AnomalyPlace = ReturnType<typeof requireAnomalyId>

/** @throws {UsageError} when the id is not of the form pipeline/topic/partition/offset */
export function requireAnomalyId(id: string) {
  const anomaly = parseAnomalyId(id)
  if (anomaly !== null) return anomaly
  throw new UsageError(
    `an anomaly is named pipeline/topic/partition/offset, such as flights/flights/2/18043; got ${id}`,
  )
}
