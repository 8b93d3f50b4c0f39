import type { FlowSpec } from '../flows/flow-state.js'
import { checkFinite } from '../tensor/rows.js'

/** Where a flow takes its rows. */
export interface Forward {
  /** z, [count, dim]; spread as the base where the flow fits */
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
 * What was computed in float64 throughout, as everybody is given it.
 *
 * @throws {NotFiniteError} naming the first row without a finite likelihood
 */
export function rounded({ latent, logDet }: ExactForward, dim: number): Forward {
  return { latent: checkFinite(Float32Array.from(latent), dim), logDet: checkFinite(Float32Array.from(logDet), 1) }
}

/**
 * Computes those rows again in float64 that float32 is too coarse for, and checks that all are finite.
 *
 * A row with a latent number beyond FAR has lost its digits to the huge numbers on the way, a chain of exp(s): its NLL is off
 * by 1e-5, single latents by 1e-3. These are the rows that become anomalies, and they are few.
 *
 * @param coarse   what float32 gave; its far rows are overwritten
 * @param rows     [count, dim]
 * @param context  [count, contextDim]
 * @param exactly  the flow in float64, asked for the far rows alone
 * @param beyond   a row is far from there on. Default: where float32 begins to be too coarse; Infinity: where it ends.
 * @throws {NotFiniteError} naming the first row without a finite likelihood
 */
export async function refineFarRows(
  coarse: Forward,
  { dim, contextDim }: FlowSpec,
  rows: Float32Array,
  context: Float32Array,
  exactly: (rows: Float32Array, context: Float32Array, count: number) => Promise<ExactForward>,
  beyond = FAR,
): Promise<Forward> {
  const far = farRows(coarse.latent, dim, beyond)
  if (far.length > 0) {
    const exact = await exactly(pickRows(rows, dim, far), pickRows(context, contextDim, far), far.length)
    far.forEach((row, index) => {
      coarse.latent.set(exact.latent.subarray(index * dim, (index + 1) * dim), row * dim)
      coarse.logDet[row] = exact.logDet[index]!
    })
    // A latent that is not finite is far.
    checkFinite(coarse.latent, dim)
  }
  checkFinite(coarse.logDet, 1)
  return coarse
}

function farRows(latent: Float32Array, dim: number, beyond: number): readonly number[] {
  const far: number[] = []
  for (let row = 0, at = 0; at < latent.length; row++) {
    let inside = 0
    // Written so that NaN is far, too.
    for (const end = at + dim; at < end; at++) inside += Math.abs(latent[at]!) < beyond ? 1 : 0
    if (inside < dim) far.push(row)
  }
  return far
}

/** A normal row has no latent number beyond six; within ten, float32 is off by three parts in a million. */
const FAR = 10

function pickRows(matrix: Float32Array, width: number, indices: readonly number[]): Float32Array {
  const picked = new Float32Array(indices.length * width)
  indices.forEach((index, row) => {
    picked.set(matrix.subarray(index * width, (index + 1) * width), row * width)
  })
  return picked
}
