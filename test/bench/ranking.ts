/** How well scores rank anomalies above normal rows; a higher score is more anomalous. */
export interface Ranking {
  /** The probability that an anomaly has a higher score than a normal row; a tie counts a half. */
  readonly auroc: number
  /** The mean of the precision at each anomaly, from the highest score down. */
  readonly averagePrecision: number
}

/**
 * Area under the ROC curve, and average precision:
 *
 *     AUROC = P(s⁺ > s⁻) + ½·P(s⁺ = s⁻)
 *     AP    = Σₖ (recallₖ − recallₖ₋₁)·precisionₖ, k over the distinct scores from the highest on
 *
 * Rows of equal score are treated together, because their order is arbitrary.
 *
 * @param scores     [n]; higher is more anomalous
 * @param isAnomaly  [n]; has anomalies and normal rows
 * @throws {RangeError} when the lengths differ, a score is NaN, or one of the two kinds is absent
 * @see Fawcett 2006, Pattern Recognition Letters 27; AP as scikit-learn's average_precision_score
 */
export function rank(scores: ArrayLike<number>, isAnomaly: readonly boolean[]): Ranking {
  check(scores, isAnomaly)
  const anomalies = isAnomaly.filter(Boolean).length
  const normals = isAnomaly.length - anomalies
  const order = Array.from(isAnomaly.keys()).sort((a, b) => scores[b]! - scores[a]! || 0)
  let [found, passed, area, averagePrecision] = [0, 0, 0, 0]
  for (let from = 0, to = 0; from < order.length; from = to) {
    let tiedAnomalies = 0
    for (; to < order.length && scores[order[to]!] === scores[order[from]!]; to++) {
      if (isAnomaly[order[to]!]) tiedAnomalies++
    }
    const tiedNormals = to - from - tiedAnomalies
    area += tiedAnomalies * (normals - passed - tiedNormals / 2)
    found += tiedAnomalies
    passed += tiedNormals
    averagePrecision += (tiedAnomalies / anomalies) * (found / to)
  }
  return { auroc: area / anomalies / normals, averagePrecision }
}

/** AUROC of two lists of scores. */
export function auroc(ofAnomalies: ArrayLike<number>, ofNormals: ArrayLike<number>): number {
  const scores = [...Array.from(ofAnomalies), ...Array.from(ofNormals)]
  return rank(
    scores,
    scores.map((_, at) => at < ofAnomalies.length),
  ).auroc
}

/** Share of the records whose p-value is at or below an alert rate. */
export function flaggedShare(pValue: Float64Array, alertRate: number): number {
  return pValue.filter((p) => p <= alertRate).length / pValue.length
}

function check(scores: ArrayLike<number>, isAnomaly: readonly boolean[]): void {
  if (scores.length !== isAnomaly.length) {
    throw new RangeError(`each score has a label: got ${scores.length} scores and ${isAnomaly.length} labels`)
  }
  const unknown = Array.from(scores).findIndex(Number.isNaN)
  if (unknown >= 0) throw new RangeError(`score ${unknown} is NaN, which has no rank`)
  if (!isAnomaly.includes(true) || !isAnomaly.includes(false)) {
    throw new RangeError('a ranking takes anomalies and normal rows; one of the two is absent')
  }
}
