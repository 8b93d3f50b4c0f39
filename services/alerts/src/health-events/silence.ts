/** The positions and counters of a pipeline at one check, each the sum over its partitions. */
export interface Progress {
  readonly now: number
  /** The active model; null: none. */
  readonly activeId: string | null
  /** The end offsets of the topics. */
  readonly ends: bigint
  /** The offsets up to which records have been stored. */
  readonly stored: bigint
  /** Scored and rejected records, without tombstones. */
  readonly received: number
  readonly rejected: number
  readonly scored: number
  readonly anomalies: number
}

export interface Silence {
  /** How long records have arrived without one being scored; 0: records are scored, none arrive, or no model is active. */
  readonly ms: number
  /** Whether records were scored, none arrived, or no model was active, at some check since the first. */
  readonly hasEnded: boolean
}

/** A transaction marker has an offset but is not a record: fewer unread offsets than this may all be markers. */
const FEW_UNREAD = 100n
/** A marker follows its records once, whereas records that keep arriving increase the end at two checks. */
const GROWTHS = 2

/**
 * Measures how long records have arrived without one being scored, whether they wait or are rejected. Without a model none can be
 * scored, so the time begins when a model is active.
 */
export function watchSilence(): (progress: Progress) => Silence {
  let last: Progress | null = null
  let sinceMs = 0
  let growths = 0
  let hasEnded = false
  return (progress) => {
    const isIdle = progress.ends <= progress.stored && (last === null || progress.received === last.received)
    const isNotSilent = isIdle || progress.activeId === null || (last !== null && progress.scored !== last.scored)
    hasEnded ||= isNotSilent
    if (isNotSilent || last === null) {
      sinceMs = progress.now
      growths = 0
    } else if (progress.ends > last.ends) growths += 1
    last = progress
    const areRecords = growths >= GROWTHS || progress.ends - progress.stored >= FEW_UNREAD
    return { ms: areRecords ? progress.now - sinceMs : 0, hasEnded }
  }
}
