import type { JsonObject } from './record-decoder.js'

/** Deeper than records in use, and far below the depth at which Postgres (some 6,000 levels) and JSON.stringify run out of stack. */
export const MAX_DEPTH = 500

/**
 * The most values that a binary record may have in its lists, maps and repeated fields: 1 MiB can contain a million of them, which take
 * more than a second to decode; 50,000 take less than 100 ms.
 */
export const MAX_VALUES = 50_000

/**
 * Returns a decoded record if it nests at most MAX_DEPTH levels.
 *
 * @throws {RangeError} if it nests deeper
 */
export function checkDepth(record: JsonObject): JsonObject {
  let level: readonly object[] = [record]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new RangeError(`a record nests at most ${MAX_DEPTH} levels deep`)
    const next: object[] = []
    for (const holder of level) {
      for (const key in holder) {
        const value = (holder as Record<string, unknown>)[key]
        if (typeof value === 'object' && value !== null) next.push(value)
      }
    }
    level = next
  }
  return record
}
