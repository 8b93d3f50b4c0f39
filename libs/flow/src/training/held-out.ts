/** The weights, or ones if all of them are 0. */
export function nonZeroWeights(weights: Float32Array): Float32Array {
  return weights.some((weight) => weight > 0) ? weights : new Float32Array(weights.length).fill(1)
}

/** Weighted mean of the lowest 90 % of the weight; two or three rows can dominate the plain mean. */
export function lowestNineTenths(nll: ArrayLike<number>, weights: Float32Array): number {
  const kept = weights.reduce((total, weight) => total + weight, 0) * VALIDATION_KEPT
  let [weighed, total] = [0, 0]
  for (const row of Uint32Array.from(weights.keys()).sort((a, b) => nll[a]! - nll[b]!)) {
    if (weighed >= kept) break
    total += weights[row]! * nll[row]!
    weighed += weights[row]!
  }
  return total / weighed
}

// From an independent implementation's comparison on twelve tables of ADBench, not ours; docs/design/flow.md has the recipe.
const VALIDATION_KEPT = 0.9
