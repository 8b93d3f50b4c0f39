import { createRequire } from 'node:module'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type ExactForward, type Forward, NO_ROWS, refineFarRows, rounded } from './far-rows.js'
import { type FlowState, SCORED_IN } from './flow-state.js'
import { toOnnx } from './onnx.js'
import type { Precision } from './onnx-graph.js'
import { checkRows, NO_CONTEXT, nllOf } from './rows.js'

/** Rows in, negative log-likelihoods out. */
export interface Scorer {
  /** Name and version of what computes, for log lines and metadata. */
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
  /** The two things that an NLL is made of, with the same arguments and errors. */
  forward(rows: Float32Array, context?: Float32Array, count?: number): Promise<Forward>
  close(): Promise<void>
}

/**
 * Opens a flow in ONNX Runtime, on one thread: six times the speed of tfjs on wasm, and a process that scores on one core
 * leaves the others to its neighbours. Far rows are computed again in float64; NLLs are summed in float64.
 *
 * @throws {ShapeError} when the weights do not fit the spec
 */
export async function openScorer(flow: FlowState): Promise<Scorer> {
  const { dim, contextDim } = flow.spec
  const precision = SCORED_IN[flow.spec.kind]
  const coarse = await openSession(flow, precision)
  // Opened at the first far row: many a model never meets one.
  let exact: Promise<InferenceSession> | undefined
  const run = async (session: InferenceSession, rows: Float32Array, context: Float32Array, count: number) => {
    const feeds: Record<string, Tensor> = { row: new Tensor('float32', rows, [count, dim]) }
    if (contextDim > 0) feeds.context = new Tensor('float32', context, [count, contextDim])
    const { latent, log_det } = await session.run(feeds, ['latent', 'log_det'])
    return { latent: latent!.data, logDet: log_det!.data }
  }
  const inFloat64 = async (session: InferenceSession, rows: Float32Array, context: Float32Array, count: number) =>
    (await run(session, rows, context, count)) as ExactForward
  const exactly = async (rows: Float32Array, context: Float32Array, count: number) => {
    exact ??= openSession(flow, 'float64')
    return inFloat64(await exact, rows, context, count)
  }
  const forward: Scorer['forward'] = async (rows, context = NO_CONTEXT, count = rows.length / dim) => {
    checkRows(rows, dim, count, 'column')
    checkRows(context, contextDim, count, 'context column')
    if (count === 0) return NO_ROWS
    if (precision === 'float64') return rounded(await inFloat64(coarse, rows, context, count), dim)
    const found = (await run(coarse, rows, context, count)) as Forward
    return refineFarRows(found, flow.spec, rows, context, exactly)
  }
  return {
    engine: `onnxruntime ${ortVersion()}`,
    nll: async (rows, context, count) => {
      const { latent, logDet } = await forward(rows, context, count)
      return nllOf(latent, logDet, dim)
    },
    forward,
    close: async () => {
      await coarse.release()
      await (await exact)?.release()
    },
  }
}

function openSession(flow: FlowState, precision: Precision): Promise<InferenceSession> {
  return InferenceSession.create(toOnnx(flow, precision), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  })
}

function ortVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('onnxruntime-node/package.json')
  return version
}
