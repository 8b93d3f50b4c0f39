/**
 * Adam over one flat array of parameters, updated in place.
 *
 *     m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²      θ ← θ − lr · m̂ / (√v̂ + ε)
 *
 * In plain JavaScript: as tensor kernels it takes ten launches per weight, 700 per step, which cost more than the arithmetic.
 *
 * @param size   length of the parameters and of every gradient
 * @param beta2  decay of the mean of squared gradients
 * @returns a step: (parameters, gradient, learning rate)
 * @see Kingma & Ba 2015, arXiv:1412.6980
 */
export function adam(size: number, beta2 = 0.99) {
  const mean = new Float64Array(size)
  const meanSquare = new Float64Array(size)
  // Multiplied step by step: Node 22 and 24 round powers differently, and the same data and seed must give the same weights.
  let [decay1, decay2] = [1, 1]
  return <Values extends Float32Array | Float64Array>(
    parameters: Values,
    gradient: Values,
    learningRate: number,
  ): void => {
    decay1 *= BETA1
    decay2 *= beta2
    // Both corrections, m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ), in one factor (§ 2 of the paper).
    const rate = (learningRate * Math.sqrt(1 - decay2)) / (1 - decay1)
    const least = EPSILON * Math.sqrt(1 - decay2)
    for (let at = 0; at < size; at++) {
      const slope = gradient[at]!
      const m = BETA1 * mean[at]! + (1 - BETA1) * slope
      const v = beta2 * meanSquare[at]! + (1 - beta2) * slope * slope
      mean[at] = m
      meanSquare[at] = v
      parameters[at]! -= (rate * m) / (Math.sqrt(v) + least)
    }
  }
}

const BETA1 = 0.9
const EPSILON = 1e-8

/**
 * Clips a gradient to a norm of 5·√columns, in place.
 *
 * @param columns  of a row
 * @returns the norm before clipping; not finite if the gradient is not
 */
export function clipNorm(gradient: Float32Array, columns: number): number {
  const longest = CLIP_PER_ROOT_COLUMN * Math.sqrt(columns)
  let squares = 0
  for (let at = 0; at < gradient.length; at++) squares += gradient[at]! * gradient[at]!
  const norm = Math.sqrt(squares)
  if (norm > longest) {
    const factor = longest / norm
    for (let at = 0; at < gradient.length; at++) gradient[at] = gradient[at]! * factor
  }
  return norm
}

// From an independent implementation's comparison on twelve tables of ADBench, not ours; docs/design/flow.md has the recipe.
const CLIP_PER_ROOT_COLUMN = 5

/** Learning rate of a step: linear over the warm-up, then half a cosine down to 2 % of the peak at the last step. */
export function learningRateAt(step: number, maxSteps: number, peak: number): number {
  const warm = Math.min(1, (step + 1) / WARM_UP_STEPS)
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / maxSteps))
  return peak * warm * (LAST_SHARE + (1 - LAST_SHARE) * cosine)
}

const WARM_UP_STEPS = 50
const LAST_SHARE = 0.02
