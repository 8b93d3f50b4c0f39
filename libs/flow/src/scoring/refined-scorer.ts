import { type FlowSpec, SCORED_IN } from '../flows/flow-state.js'
import { checkFinite, checkRows, NO_CONTEXT, type Numbers } from '../tensor/rows.js'

/** Rows in, negative log-likelihoods out. */
export interface Scorer {
  /** Name and version of the engine, for log lines and metadata. */
  readonly engine: string
  /**
   * Negative log-likelihood of each row.
   *
   * @param rows     [count, dim], row-major
   * @param context  [count, contextDim], row-major. Default: empty, for an unconditional flow.
   * @param count    default: as many as there are rows
   * @returns [count], nats
   * @throws {ShapeError} when rows or context are not of the flow's width
   * @throws {NotFiniteError} naming the first row without a finite likelihood; NaN is never returned
   */
  nll(rows: Float32Array, context?: Float32Array, count?: number): Promise<Float64Array>
  /** Latents and log-dets, with the same arguments and errors. */
  forward(rows: Float32Array, context?: Float32Array, count?: number): Promise<Forward>
  close(): Promise<void>
}

/** A scorer with a faster, less precise method. */
export interface RoughScorer extends Scorer {
  /**
   * NLLs in float32 only (float64 where that is not finite), in half the time of `nll`. The relative error is up to 1e-4 for rows
   * of 50 nats and more. Use it to find the likeliest of many rows.
   */
  roughNll(rows: Float32Array, context?: Float32Array, count?: number): Promise<Float64Array>
}

/** Result of the forward map. */
export interface Forward {
  /** z, [count, dim]; distributed as the base if the flow fits */
  readonly latent: Float32Array
  /** log|det ∂z/∂x|, [count] in nats */
  readonly logDet: Float32Array
}

/** The same and the negative log-likelihoods, in the precision of an engine. */
export interface Evaluation<Latent extends Numbers = Numbers, Nll extends Numbers = Numbers> {
  readonly latent: Latent
  readonly logDet: Latent
  /** [count] in nats */
  readonly nll: Nll
}

type Evaluate<Result> = (rows: Float32Array, context: Float32Array, count: number) => Promise<Result>

/**
 * Scores rows in float32 and recomputes outlying ones in float64, where float32 is too coarse. Kinds of flow that are scored in
 * float64 use it for all rows.
 *
 * A row with a latent beyond ±FAR has passed through large intermediate values (products of exp(s)): its NLL has a relative error
 * of 1e-5, single latents 1e-3. Such rows are few; they are the likely anomalies.
 *
 * @param coarsely  the flow in float32
 * @param exactly   the flow in float64
 */
export function refinedScorer(
  { kind, dim, contextDim }: FlowSpec,
  coarsely: Evaluate<Evaluation<Float32Array>>,
  exactly: Evaluate<Evaluation<Float64Array, Float64Array>>,
): Pick<RoughScorer, 'nll' | 'roughNll' | 'forward'> {
  const evaluate = async (rows: Float32Array, context: Float32Array, count: number, beyond: number) => {
    checkRows(rows, dim, count, 'column')
    checkRows(context, contextDim, count, 'context column')
    if (SCORED_IN[kind] === 'float64') return exactly(rows, context, count)
    const coarse = await coarsely(rows, context, count)
    const found = { ...coarse, nll: Float64Array.from(coarse.nll) }
    const far = farRows(found.latent, dim, beyond)
    if (far.length === 0) return found
    const exact = await exactly(pickRows(rows, dim, far), pickRows(context, contextDim, far), far.length)
    far.forEach((row, index) => {
      found.latent.set(exact.latent.subarray(index * dim, (index + 1) * dim), row * dim)
      found.logDet[row] = exact.logDet[index]!
      found.nll[row] = exact.nll[index]!
    })
    return found
  }
  const nllBeyond =
    (beyond: number): RoughScorer['nll'] =>
    async (rows, context = NO_CONTEXT, count = rows.length / dim) =>
      checkFinite((await evaluate(rows, context, count, beyond)).nll, 1)
  return {
    nll: nllBeyond(FAR),
    roughNll: nllBeyond(Number.POSITIVE_INFINITY),
    forward: async (rows, context = NO_CONTEXT, count = rows.length / dim) => {
      const { latent, logDet } = await evaluate(rows, context, count, FAR)
      return { latent: checkFinite(Float32Array.from(latent), dim), logDet: checkFinite(Float32Array.from(logDet), 1) }
    },
  }
}

/** Indices of the rows of latents [count, dim] beyond ±`beyond`, or not finite. */
function farRows(latent: Float32Array, dim: number, beyond: number): readonly number[] {
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
function pickRows(matrix: Float32Array, width: number, indices: readonly number[]): Float32Array {
  const picked = new Float32Array(indices.length * width)
  indices.forEach((index, row) => {
    picked.set(matrix.subarray(index * width, (index + 1) * width), row * width)
  })
  return picked
}
