/** One look at a pipeline's topics and at what it has stored. */
export interface Look {
  readonly now: number
  /** Sum over the partitions. */
  readonly ends: bigint
  readonly stored: bigint
}

export interface Silence {
  /** For how long records have come and none was scored; 0: they are scored, or none come. */
  readonly ms: number
  /** Whether there was a moment, since the first look, at which some were scored or none waited. */
  readonly hasBroken: boolean
}

/** A mark of a transaction has an offset and is no record: so few that wait may all be marks. */
const FEW_WAITING = 100n
/** Marks come after the records that they close, once; records that go on coming are seen to at two looks. */
const GROWTHS = 2

/** Tells for how long records have come and none was scored. */
export function watchSilence(): (look: Look) => Silence {
  let last: Look | null = null
  let sinceMs = 0
  let growths = 0
  let hasBroken = false
  return (look) => {
    const breaks = look.ends <= look.stored || (last !== null && look.stored !== last.stored)
    hasBroken ||= breaks
    if (breaks || last === null) {
      sinceMs = look.now
      growths = 0
    } else if (look.ends > last.ends) growths += 1
    last = look
    const areRecords = growths >= GROWTHS || look.ends - look.stored >= FEW_WAITING
    return { ms: areRecords ? look.now - sinceMs : 0, hasBroken }
  }
}
