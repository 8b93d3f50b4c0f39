/** The positions and counters of a pipeline at one look, each the sum over its partitions. */
interface Progress {
  readonly now: number
  /** The end offsets of the topics. */
  readonly ends: bigint
  /** The offsets up to which records have been stored. */
  readonly stored: bigint
  readonly scored: number
}

export interface Silence {
  /** How long records have arrived without one being scored; 0: they are scored, or none arrive. */
  readonly ms: number
  /** Whether, at some look since the first, records were being scored or none arrived. */
  readonly hasBroken: boolean
}

/** A transaction marker has an offset and is no record: so few offsets that wait may all be markers. */
const FEW_WAITING = 100n
/** Markers follow the records that they close, once; records that go on arriving show at two looks. */
const GROWTHS = 2

/** Measures how long records have arrived without one being scored, whether they wait or are rejected. */
export function watchSilence(): (progress: Progress) => Silence {
  let last: Progress | null = null
  let sinceMs = 0
  let growths = 0
  let hasBroken = false
  return (progress) => {
    const isIdle = progress.ends <= progress.stored && (last === null || progress.stored === last.stored)
    const breaks = isIdle || (last !== null && progress.scored !== last.scored)
    hasBroken ||= breaks
    if (breaks || last === null) {
      sinceMs = progress.now
      growths = 0
    } else if (progress.ends > last.ends) growths += 1
    last = progress
    const areRecords = growths >= GROWTHS || progress.ends - progress.stored >= FEW_WAITING
    return { ms: areRecords ? progress.now - sinceMs : 0, hasBroken }
  }
}
