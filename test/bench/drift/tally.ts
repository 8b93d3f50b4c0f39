export interface TallyReport {
  /** Share of all records. */
  readonly anomalyShare: number
  /** From the sixth minute on. */
  readonly settledShare: number
  readonly plantedFound: number
  /** Minutes until the first block of about 10,000 records that is within a quarter of the budget; null: never. */
  readonly backInsideMinutes: number | null
}

const SETTLING_MINUTES = 5
const BLOCK_RECORDS = 10_000
const WITHIN = 0.25

/** Counts the records of one stretch. */
export function makeTally(minutes: number, budget: number) {
  const [records, flagged] = [new Uint32Array(minutes), new Uint32Array(minutes)]
  let [planted, found] = [0, 0]
  const shareOf = (from: number, to = minutes) => sum(flagged, from, to) / Math.max(1, sum(records, from, to))
  const isInside = (from: number, to: number) => Math.abs(shareOf(from, to) / budget - 1) <= WITHIN
  /** Returns null if the rest is shorter than a block. */
  const endOfBlock = (from: number) => {
    for (let to = from, count = 0; to < minutes; to++) {
      count += records[to]!
      if (count >= BLOCK_RECORDS) return to + 1
    }
    return null
  }
  return {
    add: (minute: number, isPlanted: boolean, isAnomaly: boolean) => {
      records[minute]! += 1
      if (isAnomaly) flagged[minute]! += 1
      if (!isPlanted) return
      planted += 1
      if (isAnomaly) found += 1
    },
    report: (): TallyReport => {
      let backInside: number | null = null
      for (let from = 0; from < minutes && backInside === null; from++) {
        const to = endOfBlock(from)
        if (to !== null && isInside(from, to)) backInside = from
      }
      return {
        anomalyShare: shareOf(0),
        settledShare: shareOf(Math.min(SETTLING_MINUTES, minutes - 1)),
        plantedFound: found / Math.max(1, planted),
        backInsideMinutes: backInside,
      }
    },
  }
}

function sum(counts: Uint32Array, from: number, to: number): number {
  return counts.subarray(from, to).reduce((total, count) => total + count, 0)
}
