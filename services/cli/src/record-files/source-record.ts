/** A record and where it stands. In CSV every value is a string; a column `route.origin` is the field `$.route.origin`. */
export interface SourceRecord {
  /** Counted from 1, the header included; of a record over several lines, the last. */
  readonly line: number
  readonly record: Readonly<Record<string, unknown>>
}

/** One round through the scorer: large enough that its overhead vanishes, small enough to hold many. */
export const BATCH_ROWS = 1024

/** A longer record is a broken file (a quote never closed, lines never ended) and would be held in memory whole. */
export const MAX_RECORD_BYTES = 16 * 1024 ** 2
