/** Years 1 to 9999, epoch ms: the range that ISO 8601, CloudEvents and timestamptz share. */
export const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z')
export const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** Whether a range that ends before `to` includes `to`: the latest time has no later one that could be the end. */
export const includesEnd = (to: Date): boolean => to.getTime() === LATEST_MS

/** Returns the nearest time within the years 1 to 9999, epoch ms, as producers may set any 64-bit timestamp; NaN becomes 1970. */
export function clampTime(epochMs: number): number {
  return Number.isNaN(epochMs) ? 0 : Math.min(Math.max(epochMs, EARLIEST_MS), LATEST_MS)
}

/** Days of the longest duration, ten years; times computed with far longer spans are outside the range of Postgres and Date. */
export const LONGEST_DAYS = 3_650
