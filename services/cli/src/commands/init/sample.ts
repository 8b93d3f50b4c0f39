/** Enough to see what is rare, and read in a second. */
export const MAX_RECORDS = 10_000

/** Records to look at, and where they came from. */
export interface Sample {
  /** What errors call the place: a path, or `topic flights`. */
  readonly name: string
  /** In words: `the first 10,000 records of flights.csv`. */
  readonly from: string
  /** The topic to watch. */
  readonly topic: string
  /** Of each partition, in its order; a file is one. */
  readonly partitions: readonly (readonly Readonly<Record<string, unknown>>[])[]
  /** What is to be said of the format JSON. */
  readonly formatWhy: string
  /** Whether every record has a message key. */
  readonly isKeyed: boolean
}
