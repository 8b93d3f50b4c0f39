import { createRequire } from 'node:module'
import { type FlowState, SCORED_IN } from '../flows/flow-state.js'
import { toOnnx } from '../onnx/onnx.js'
import type { Precision } from '../onnx/onnx-graph.js'
import { checkFinite, checkRows, NO_CONTEXT, type Numbers } from '../tensor/rows.js'
import { InferenceSession, Tensor } from './onnx-runtime.js'

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
  /**
   * NLLs in float32 only (float64 where that is not finite), in half the time of `nll`. The relative error is up to 1e-4 for rows
   * of 50 nats and more. Use it to find the likeliest of many rows.
   */
  roughNll(rows: Float32Array, context?: Float32Array, count?: number): Promise<Float64Array>
  /** Latents and log-dets, with the same arguments and errors. */
  forward(rows: Float32Array, context?: Float32Array, count?: number): Promise<Forward>
  close(): Promise<void>
}

/** Result of the forward map. */
export interface Forward {
  /** z, [count, dim]; distributed as the base if the flow fits */
  readonly latent: Float32Array
  /** log|det ∂z/∂x|, [count] in nats */
  readonly logDet: Float32Array
}

/**
 * Opens a flow in ONNX Runtime on one thread.
 *
 * Rows are scored in float32 and outlying ones again in float64, where float32 is too coarse. Kinds of flow that are scored in float64
 * use it for all rows.
 *
 * A row with a latent beyond ±FAR has passed through large intermediate values (products of exp(s)): its NLL has a relative error
 * of 1e-5, single latents 1e-3. If the base is one Gaussian, such rows are few, the likely anomalies; under a mixture they can be many.
 *
 * @throws {ShapeError} when the weights do not fit the spec
 */
export async function openScorer(flow: FlowState): Promise<Scorer> {
  const { dim, contextDim } = flow.spec
  const precision = SCORED_IN[flow.spec.kind]
  const first = await openSession(flow, precision)
  // Opened at the first outlying row; most models never need it.
  let exact: ReturnType<typeof openSession> | undefined
  const evaluate = async (
    beyond: number,
    rows: Float32Array,
    context: Float32Array = NO_CONTEXT,
    count = rows.length / dim,
  ) => {
    checkRows(rows, dim, count, 'column')
    checkRows(context, contextDim, count, 'context column')
    const coarse = await first.run(rows, context, count)
    const found = { ...coarse, nll: Float64Array.from(coarse.nll) }
    const far = precision === 'float64' ? [] : farRows(found.latent, dim, beyond)
    if (far.length === 0) return found
    exact ??= openSession(flow, 'float64')
    const refined = await (await exact).run(pickRows(rows, dim, far), pickRows(context, contextDim, far), far.length)
    far.forEach((row, index) => {
      found.latent.set(refined.latent.subarray(index * dim, (index + 1) * dim), row * dim)
      found.logDet[row] = refined.logDet[index]!
      found.nll[row] = refined.nll[index]!
    })
    return found
  }
  const nllBeyond =
    (beyond: number): Scorer['nll'] =>
    async (rows, context, count) =>
      checkFinite((await evaluate(beyond, rows, context, count)).nll, 1)
  return {
    engine: `onnxruntime ${ortVersion()}`,
    nll: nllBeyond(FAR),
    roughNll: nllBeyond(Number.POSITIVE_INFINITY),
    forward: async (rows, context, count) => {
      const { latent, logDet } = await evaluate(FAR, rows, context, count)
      return { latent: checkFinite(Float32Array.from(latent), dim), logDet: checkFinite(Float32Array.from(logDet), 1) }
    },
    close: async () => {
      await first.close()
      await (await exact)?.close()
    },
  }
}

/** Indices of the rows of latents [count, dim] beyond ±`beyond`, or not finite. */
function farRows(latent: Numbers, dim: number, beyond: number): readonly number[] {
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

async function openSession(flow: FlowState, precision: Precision) {
  const { dim, contextDim } = flow.spec
  const session = await InferenceSession.create(toOnnx(flow, precision), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  })
  const array = precision === 'float32' ? Float32Array : Float64Array
  /** Latents [count, dim], log-dets and NLLs, [count] in nats; in the precision of the session. */
  const run = async (rows: Float32Array, context: Float32Array, count: number) => {
    const found = { latent: new array(count * dim), logDet: new array(count), nll: new array(count) }
    for (let from = 0; from < count; from += ROWS_A_RUN) {
      const end = Math.min(from + ROWS_A_RUN, count)
      const matrix = (numbers: Numbers, width: number) =>
        new Tensor(numbers.subarray(from * width, end * width), [end - from, width])
      const feeds: Record<string, Tensor> = { row: matrix(rows, dim) }
      if (contextDim > 0) feeds.context = matrix(context, contextDim)
      const vector = (numbers: Numbers) => new Tensor(numbers.subarray(from, end), [end - from])
      await session.run(feeds, {
        latent: matrix(found.latent, dim),
        log_det: vector(found.logDet),
        nll: vector(found.nll),
      })
    }
    return found
  }
  return { run, close: () => session.release() }
}

/** Runs of 2,048 rows take a tenth less time a row than runs of 512, and larger ones no less. */
const ROWS_A_RUN = 2048

function ortVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('onnxruntime-node/package.json')
  return version
}
