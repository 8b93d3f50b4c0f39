import { createRequire } from 'node:module'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { FlowState } from './flow-state.js'
import { toOnnx } from './onnx.js'
import { checkFinite, checkRows, nllOf } from './rows.js'

/** Rows in, negative log-likelihoods out. */
export interface Scorer {
  /** Name and version of what computes, for log lines and metadata. */
  readonly engine: string
  /**
   * Negative log-likelihood of each row.
   *
   * @param rows     [count, dim], row-major
   * @param context  [count, contextDim], row-major; empty for an unconditional flow
   * @returns [count], nats
   * @throws {ShapeError} when rows or context are not of the flow's width
   * @throws {NotFiniteError} naming the first row without a finite likelihood; NaN is never returned
   */
  nll(rows: Float32Array, context: Float32Array, count: number): Promise<Float64Array>
  /** The two things that an NLL is made of, with the same arguments and errors. */
  forward(rows: Float32Array, context: Float32Array, count: number): Promise<Forward>
  close(): Promise<void>
}

/** Where a flow takes its rows. */
export interface Forward {
  /** z, [count, dim]; standard normal where the flow fits */
  readonly latent: Float32Array
  /** log|det ∂z/∂x|, [count] in nats */
  readonly logDet: Float32Array
}

/**
 * Opens a flow in ONNX Runtime, on one thread: six times the speed of tfjs on wasm, and a process that scores on one core
 * leaves the others to its neighbours.
 *
 * @throws {ShapeError} when the weights do not fit the spec
 */
export async function openScorer(flow: FlowState): Promise<Scorer> {
  const { dim, contextDim } = flow.spec
  const session = await InferenceSession.create(toOnnx(flow), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  })
  const forward: Scorer['forward'] = async (rows, context, count) => {
    checkRows(rows, dim, count, 'column')
    checkRows(context, contextDim, count, 'context column')
    if (count === 0) return { latent: new Float32Array(0), logDet: new Float32Array(0) }
    const feeds: Record<string, Tensor> = { row: new Tensor('float32', rows, [count, dim]) }
    if (contextDim > 0) feeds.context = new Tensor('float32', context, [count, contextDim])
    const outputs = await session.run(feeds, ['latent', 'log_det'])
    return {
      latent: checkFinite(outputs.latent!.data as Float32Array, dim),
      logDet: checkFinite(outputs.log_det!.data as Float32Array, 1),
    }
  }
  return {
    engine: `onnxruntime ${ortVersion()}`,
    nll: async (rows, context, count) => {
      const { latent, logDet } = await forward(rows, context, count)
      return nllOf(latent, logDet, dim)
    },
    forward,
    close: () => session.release(),
  }
}

function ortVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('onnxruntime-node/package.json')
  return version
}
