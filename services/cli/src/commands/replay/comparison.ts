/** A record about which the decision is another one now. */
export interface Changed {
  /** topic/partition/offset */
  readonly position: string
  readonly nll: number
  readonly pValue: number
  /** Of then; null: it was not flagged, and only the p-values of anomalies are kept. */
  readonly pValueThen: number | null
}

/** Decisions of now compared with those of then. */
export interface Comparison {
  /** Records of the range; scored + rejected. */
  readonly records: number
  readonly scored: number
  readonly rejected: number
  /** Scored records at offsets that the stream has not come to. */
  readonly notScoredThen: number
  readonly flaggedThen: number
  readonly flaggedNow: number
  readonly stillFlagged: number
  readonly newlyFlagged: number
  readonly noLongerFlagged: number
  /** The strangest of each kind, as many as were asked for. */
  readonly newly: readonly Changed[]
  readonly noLonger: readonly Changed[]
}

/** One record, scored again. */
interface Rescored extends Changed {
  readonly isFlagged: boolean
  readonly wasScored: boolean
}

/** Makes what counts decisions and keeps the strangest changes; memory does not grow with the range. */
export function makeComparison(limit: number) {
  const counts = { scored: 0, rejected: 0, notScoredThen: 0, flaggedThen: 0, flaggedNow: 0, stillFlagged: 0 }
  const changes = { newlyFlagged: 0, noLongerFlagged: 0 }
  const newly: Changed[] = []
  const noLonger: Changed[] = []
  return {
    reject: () => {
      counts.rejected += 1
    },
    add: ({ isFlagged, wasScored, ...changed }: Rescored) => {
      const wasFlagged = changed.pValueThen !== null
      counts.scored += 1
      if (!wasScored) counts.notScoredThen += 1
      if (wasFlagged) counts.flaggedThen += 1
      if (isFlagged) counts.flaggedNow += 1
      if (isFlagged && wasFlagged) counts.stillFlagged += 1
      if (isFlagged && !wasFlagged) {
        changes.newlyFlagged += 1
        keep(newly, changed, limit)
      }
      if (!isFlagged && wasFlagged) {
        changes.noLongerFlagged += 1
        keep(noLonger, changed, limit)
      }
    },
    result: (): Comparison => ({
      records: counts.scored + counts.rejected,
      ...counts,
      ...changes,
      newly: strangestFirst(newly).slice(0, limit),
      noLonger: strangestFirst(noLonger).slice(0, limit),
    }),
  }
}

/** Sorted and cut only when twice as many as wanted have come. */
function keep(kept: Changed[], changed: Changed, limit: number): void {
  kept.push(changed)
  if (kept.length > 2 * limit + 100) kept.splice(0, kept.length, ...strangestFirst(kept).slice(0, limit))
}

function strangestFirst(changes: readonly Changed[]): Changed[] {
  return changes.toSorted((a, b) => b.nll - a.nll)
}
