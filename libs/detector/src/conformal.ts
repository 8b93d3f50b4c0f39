/**
 * Split-conformal p-values: the share of n calibration records at least as strange, the record itself counted in.
 *
 *     p = (1 + #{calibration nll ≥ nll}) / (n + 1)
 *
 * For a record exchangeable with the calibration records, P(p ≤ α) ≤ α at every α, whatever the model.
 *
 * @param calibration  [n], ascending, nats
 * @param nll          [count], nats
 * @returns [count], above 0, at most 1
 * @see Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, § 2.2
 */
export function conformalPValues(calibration: Float64Array, nll: Float64Array): Float64Array {
  return nll.map((own) => (1 + calibration.length - countBelow(calibration, own)) / (calibration.length + 1))
}

/** The NLL above which p ≤ alertRate, nats; infinite where the calibration set is too small for the rate. */
export function conformalThreshold(calibration: Float64Array, alertRate: number): number {
  const atLeastAsStrange = Math.floor(alertRate * (calibration.length + 1)) - 1
  return atLeastAsStrange < 0 ? Number.POSITIVE_INFINITY : calibration[calibration.length - 1 - atLeastAsStrange]!
}

function countBelow(ascending: Float64Array, value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
