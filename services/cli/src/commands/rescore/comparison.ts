/** A record on which the decision has changed. */
export interface DecisionChange {
  /** pipeline/topic/partition/offset, as of an anomaly */
  readonly id: string
  readonly nll: number
  readonly pValue: number
  /** The stored p-value; null when the record was not an anomaly: only the p-values of anomalies are stored. */
  readonly pValueThen: number | null
}

/** Compares new decisions with the stored ones: counts them and keeps the least likely changes; memory does not grow with the range. */
export function makeComparison(limit: number) {
  const counts = {
    ...{ scored: 0, rejected: 0 },
    /** Scored records at offsets that ingest has not reached. */
    notScoredThen: 0,
    ...{ anomaliesThen: 0, anomaliesNow: 0, stillAnomalies: 0 },
  }
  const newly: DecisionChange[] = []
  const noLonger: DecisionChange[] = []
  return {
    reject: (pValueThen: DecisionChange['pValueThen']) => {
      counts.rejected += 1
      if (pValueThen !== null) counts.anomaliesThen += 1
    },
    add: ({ isAnomaly, wasScored, ...changed }: DecisionChange & { isAnomaly: boolean; wasScored: boolean }) => {
      const wasAnomaly = changed.pValueThen !== null
      counts.scored += 1
      if (!wasScored) counts.notScoredThen += 1
      if (wasAnomaly) counts.anomaliesThen += 1
      if (isAnomaly) counts.anomaliesNow += 1
      if (isAnomaly && wasAnomaly) counts.stillAnomalies += 1
      else if (isAnomaly) keep(newly, changed, limit)
      else if (wasAnomaly) keep(noLonger, changed, limit)
    },
    result: () => ({
      /** Records of the range. */
      records: counts.scored + counts.rejected,
      ...counts,
      newAnomalies: counts.anomaliesNow - counts.stillAnomalies,
      noLongerAnomalies: counts.anomaliesThen - counts.stillAnomalies,
      /** The least likely of each kind, up to the limit. */
      newly: leastLikelyFirst(newly).slice(0, limit),
      noLonger: leastLikelyFirst(noLonger).slice(0, limit),
    }),
  }
}

/** Sorts and truncates only after many additions, so that an addition is cheap. */
function keep(kept: DecisionChange[], changed: DecisionChange, limit: number): void {
  kept.push(changed)
  if (kept.length > 2 * limit + 100) kept.splice(0, kept.length, ...leastLikelyFirst(kept).slice(0, limit))
}

function leastLikelyFirst(changes: readonly DecisionChange[]): DecisionChange[] {
  return changes.toSorted((a, b) => b.nll - a.nll)
}
