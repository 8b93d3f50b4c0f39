/**
 * Whether a fit would learn anomalies with the rest: rows so few that it learns them by heart, or NLLs with a heavy upper tail.
 *
 * Elsewhere the worst rows are rare kinds of what is right.
 *
 * @param trainingRows  rows that the fit learns from
 */
export function suspicion(trainingRows: number, maxSteps: number) {
  const tail = tailWatch()
  const isWatched = (step: number) => step >= WATCH_FROM * maxSteps && step < WATCH_TO * maxSteps
  return {
    /** @param nll  [count] of the batch that the step takes */
    see: (step: number, nll: Float32Array): void => {
      if (isWatched(step)) tail.see(nll)
    },
    isAt: (step: number): boolean => trainingRows < BY_HEART_ROWS || (step >= WATCH_TO * maxSteps && tail.isHeavy()),
  }
}

/**
 * Whether NLLs have a heavy upper tail: more than 4 % of the rows lie further above the median than three times what separates
 * it from the 16 % quantile. Of a normal density it is .001, of a squared radius in 6 dimensions .04, in 16 .02.
 */
function tailWatch() {
  let [seen, beyond] = [0, 0]
  return {
    see: (nll: Float32Array): void => {
      const sorted = nll.slice().sort()
      const median = quantile(sorted, 0.5)
      const limit = median + TAIL_DEVIATIONS * (median - quantile(sorted, ONE_DEVIATION_BELOW))
      seen += sorted.length
      beyond += sorted.filter((value) => value > limit).length
    },
    isHeavy: () => beyond > HEAVY_TAIL * seen,
  }
}

function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.floor(share * sorted.length)]!
}

// Shares of the steps.
const WATCH_FROM = 0.15
const WATCH_TO = 0.2
/** A fit of 2,000 steps meets each of so many rows 250 times. */
const BY_HEART_ROWS = 2000
const TAIL_DEVIATIONS = 3
/** Of a normal density. */
const ONE_DEVIATION_BELOW = 0.1587
/** Chosen on twelve tables: of the rows right alone, .005 to .037 in those that trimming harms. */
const HEAVY_TAIL = 0.04
