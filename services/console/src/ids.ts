import { type Position, parseAnomalyId } from '@outflow/contracts'
import { RequestRefused } from './errors.js'

/** @throws {RequestRefused} when it is not of the form pipeline/topic/partition/offset */
export function requireAnomalyId(id: string): { readonly pipeline: string; readonly position: Position } {
  const anomaly = parseAnomalyId(id)
  if (anomaly !== null) return anomaly
  throw new RequestRefused(404, `an anomaly is named pipeline/topic/partition/offset, got ${id.slice(0, 200)}`)
}
