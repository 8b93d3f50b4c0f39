import type { Rejection } from '@outflow/contracts'
import { undecodable } from '../undecodable.js'

/** A zero byte, then the schema's id in four, big-endian. */
export const FRAME_BYTES = 5

/**
 * Returns the schema id that a value in Confluent's wire format begins with.
 *
 * @see https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
export function schemaIdOf(value: Buffer): number | Rejection {
  if (value.length < FRAME_BYTES) {
    return undecodable(`Confluent's wire format has 5 bytes before the record; found ${value.length}`)
  }
  if (value[0] !== 0) {
    return undecodable(
      `Confluent's wire format begins with the byte 0; found ${value[0]}. Was the record written without a registry?`,
    )
  }
  const id = value.readInt32BE(1)
  if (id >= 0) return id
  return undecodable(`the id of a schema is not negative; found ${id}`)
}
