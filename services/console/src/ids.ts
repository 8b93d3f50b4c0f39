import { formatPosition, type Position } from '@outflow/contracts'
import { RequestRefused } from './errors.js'

/** @throws {RequestRefused} when it is not of the form pipeline/topic/partition/offset */
export function parseAnomalyId(id: string): { readonly pipeline: string; readonly position: Position } {
  const [, pipeline, topic, partition, offset] = /^([^/]+)\/([^/]+)\/(\d{1,9})\/(\d{1,18})$/.exec(id) ?? []
  if (pipeline === undefined) {
    throw new RequestRefused(404, `an anomaly is named pipeline/topic/partition/offset, got ${id.slice(0, 200)}`)
  }
  return { pipeline, position: { topic: topic!, partition: Number(partition), offset: BigInt(offset!) } }
}

export const anomalyId = (at: Position & { readonly pipeline: string }): string =>
  `${at.pipeline}/${formatPosition(at)}`
