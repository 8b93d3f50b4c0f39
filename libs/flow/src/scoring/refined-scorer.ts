import type { FlowSpec } from '../flows/flow-state.js'
import { checkFinite } from '../tensor/rows.js'

/** Result of the forward map. */
export interface Forward {
  /** z, [count, dim]; distributed as the base if the flow fits */
  readonly latent: Float32Array
  /** log|det ∂z/∂x|, [count] in nats */
  readonly logDet: Float32Array
}

/** The same in float64. */
export interface ExactForward {
  readonly latent: Float64Array
  readonly logDet: Float64Array
}

export const NO_ROWS: Forward = { latent: new Float32Array(0), logDet: new Float32Array(0) }

/**
 * Rounds a float64 result to the public float32 latent.
 *
 * @throws {NotFiniteError} naming the first row without a finite likelihood
 */
export function rounded({ latent, logDet }: ExactForward, dim: number): Forward {
  return { latent: checkFinite(Float32Array.from(latent), dim), logDet: checkFinite(Float32Array.from(logDet), 1) }
}

/**
 * Recomputes outlying rows in float64, where float32 is too coarse, and checks that all results are finite.
 *
 * A row with a latent beyond ±FAR has passed through large intermediate values (products of exp(s)): its NLL has a relative error
 * of 1e-5, single latents 1e-3. Such rows are few; they are the likely anomalies.
 *
 * @param coarse   float32 result; its outlying rows are overwritten
 * @param rows     [count, dim]
 * @param context  [count, contextDim]
 * @param exactly  the flow in float64, called with the outlying rows only
 * @throws {NotFiniteError} naming the first row without a finite likelihood
 */
export async function refineFarRows(
  coarse: Forward,
  { dim, contextDim }: FlowSpec,
  rows: Float32Array,
  context: Float32Array,
  exactly: (rows: Float32Array, context: Float32Array, count: number) => Promise<ExactForward>,
): Promise<Forward> {
  const far = farRows(coarse.latent, dim)
  if (far.length > 0) {
    const exact = await exactly(pickRows(rows, dim, far), pickRows(context, contextDim, far), far.length)
    far.forEach((row, index) => {
      coarse.latent.set(exact.latent.subarray(index * dim, (index + 1) * dim), row * dim)
      coarse.logDet[row] = exact.logDet[index]!
    })
    // A latent that is not finite counts as outlying.
    checkFinite(coarse.latent, dim)
  }
  checkFinite(coarse.logDet, 1)
  return coarse
}

/**
 * Indices of the rows with a latent beyond ±`beyond`, or one that is not finite.
 *
 * @param latent  [count, dim]
 */
export function farRows(latent: Float32Array, dim: number, beyond = FAR): readonly number[] {
  const far: number[] = []
  for (let row = 0, at = 0; at < latent.length; row++) {
    let inside = 0
    // The comparison is written so that NaN counts as outlying.
    for (const end = at + dim; at < end; at++) inside += Math.abs(latent[at]!) < beyond ? 1 : 0
    if (inside < dim) far.push(row)
  }
  return far
}

/** Typical rows have latents within ±6; within ±10 the relative error of float32 is 3e-6. */
const FAR = 10

/** The rows of these indices, [indices, width]. */
export function pickRows(matrix: Float32Array, width: number, indices: readonly number[]): Float32Array {
  const picked = new Float32Array(indices.length * width)
  indices.forEach((index, row) => {
    picked.set(matrix.subarray(index * width, (index + 1) * width), row * width)
  })
  return picked
}
