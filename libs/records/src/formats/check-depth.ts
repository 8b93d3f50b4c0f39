/** Deeper than records in use, and far below the depth at which Postgres (some 6,000 levels) and JSON.stringify run out of stack. */
export const MAX_DEPTH = 500

/**
 * The most values that a binary record may have in its lists, maps and repeated fields: 1 MiB can contain a million of them, which take
 * more than a second to decode; 50,000 take less than 100 ms.
 */
export const MAX_VALUES = 50_000

export const TOO_DEEP = `a record nests at most ${MAX_DEPTH} levels deep`

/** Whether a decoded record nests more than MAX_DEPTH levels. */
export function isTooDeep(record: object, levels = MAX_DEPTH): boolean {
  if (levels === 0) return true
  return Object.values(record).some(
    (value) => typeof value === 'object' && value !== null && isTooDeep(value, levels - 1),
  )
}
