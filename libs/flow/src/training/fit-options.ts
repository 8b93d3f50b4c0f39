import { isDeepStrictEqual } from 'node:util'
import { ShapeError } from '../errors.js'
import { checkFlow } from '../flows/flow-parts.js'
import type { FlowSpec, FlowState } from '../flows/flow-state.js'
import type { BackendName } from '../tensor/backend.js'
import { checkFinite, checkRows } from '../tensor/rows.js'

/** Rows to fit, already standardised by the encoder. */
export interface TrainingRows {
  /** [n, dim], row-major */
  readonly rows: Float32Array
  /** [n, contextDim], row-major. Default: empty, for an unconditional flow. */
  readonly context?: Float32Array
  /** [n, dim]; 1 is observed, 0 is missing: a missing coordinate is drawn anew from N(0, 1) at each step. Default: all observed. */
  readonly observed?: Uint8Array
  /** [n]; how much each row counts in the loss. Default: 1 each. */
  readonly weights?: Float32Array
}

export interface FitOptions {
  readonly spec: FlowSpec
  /** Whole number; the same seed on the same backend gives the same flow. Default 1. */
  readonly seed?: number
  /**
   * [dim]; sigma of the Gaussian noise that each training batch gets, per column; none at scoring. Default: 0.25·n^(−1/(dim+4))
   * in every column, for rows that are standardised.
   */
  readonly noise?: Float32Array
  /** Share of the worst rows of each batch left out of its gradient from 20 % of the steps on. Default 0. */
  readonly trim?: number
  /** The same where anomalies would be learned with the rest: of few rows, or where the NLLs have a heavy tail. Default: `trim`. */
  readonly trimSuspect?: number
  /**
   * Share of the conditioners' hidden units that each row does without where rows are few: so much of hardly any, in a line to none of
   * 2,000. Default 0.
   */
  readonly dropoutFew?: number
  /** A fitted flow of the same spec to go on from. Default: an unfitted one, made from the seed. */
  readonly start?: FlowState
  /** Default 2000; 0 gives what a fit begins with. */
  readonly maxSteps?: number
  /** Default 256. */
  readonly batchSize?: number
  /** Steps after which the fit ends when none of them had weights of its own that do better on the held-out rows. Default 300. */
  readonly patience?: number
  /** Rows held out for choosing the snapshot. Default: a tenth, at most 2,000. */
  readonly validation?: { readonly share?: number; readonly maxRows?: number }
  /** Default: tfjs-node when its native library loads, else wasm. */
  readonly backend?: BackendName
  /** How far the fit's process stands back behind others, 0 to 19. Default 0. */
  readonly niceness?: number
  /** Threads of the tensor library at most; wasm knows one. Default 1. */
  readonly threads?: number
  readonly onProgress?: (progress: FitProgress) => void
  /** Aborting ends the fit process and rejects with FitCancelled. */
  readonly signal?: AbortSignal
}

/** Where a fit stands, told at each look at the validation rows. */
export interface FitProgress {
  readonly step: number
  /** Passes over the training rows so far. */
  readonly epoch: number
  readonly maxSteps: number
  /** Mean NLL of the training batches since the last look, nats. */
  readonly trainNll: number
  /** Mean NLL of the lowest 90 % of the validation rows, nats; by the weights as they are or by their mean, whichever is lower. */
  readonly validationNll: number
  readonly elapsedMs: number
  /** Until maxSteps at the pace so far; a fit that stops improving ends sooner. */
  readonly leftMs: number
}

/** What a fit did; goes into the model's metadata. */
export interface FitReport {
  readonly backend: BackendName
  readonly backendVersion: string
  readonly steps: number
  /** The step whose weights were kept, or their mean up to it. */
  readonly bestStep: number
  /** Steps at which the validation rows were looked at; the two lists below are of these steps. */
  readonly atSteps: readonly number[]
  readonly trainNll: readonly number[]
  readonly validationNll: readonly number[]
  /** Of the weights that were kept; `validationNll` does not hold the start's. */
  readonly bestNll: number
  readonly trainingRows: number
  readonly validationRows: number
  readonly durationMs: number
  /** The most memory that the process of the fit held at once. */
  readonly peakMemoryBytes: number
  /**
   * `diverged`: a loss or gradient was not finite, or the fit ended with all rows far less likely than at its start; the best
   * weights until then were kept, the start's own if none were better.
   */
  readonly stopped: 'patience' | 'maxSteps' | 'diverged'
}

/** A fitted flow, and how it came about. */
export interface Fit {
  readonly flow: FlowState
  /** NLL of each held-out row by the flow, nats: the same rows in each fit of the same data and seed. */
  readonly heldOutNll: Float32Array
  readonly report: FitReport
}

/** The rows, nothing of what a fit must have left open. */
export type FitRows = TrainingRows & { readonly context: Float32Array }

/** The options that are plain data, likewise. */
export type FitSettings = Omit<FitOptions, 'onProgress' | 'signal'> & Required<Pick<FitOptions, 'seed' | 'noise'>>

/** A quarter of Silverman's bandwidth, which shrinks as rows become many and columns few. */
export function silvermanNoise(count: number, dim: number): Float32Array {
  return new Float32Array(dim).fill(0.25 * count ** (-1 / (dim + 4)))
}

/**
 * Checks that rows and settings fit together.
 *
 * @throws {ShapeError} naming the option that does not fit
 * @throws {NotFiniteError} when a number of the rows or contexts is NaN or infinite
 */
export function checkTraining({ rows, context, observed, weights }: FitRows, options: FitSettings): void {
  const { spec, noise, start, trim = 0, trimSuspect = trim, dropoutFew = 0 } = options
  const { maxSteps = 1, batchSize = 1, patience = 1 } = options
  const { dim, contextDim } = spec
  const count = rows.length / dim
  if (!Number.isInteger(count) || count < FEWEST_ROWS) {
    throw new ShapeError(`a fit takes ${FEWEST_ROWS} rows of ${dim} columns or more, got ${rows.length} numbers`)
  }
  checkRows(context, contextDim, count, 'context column')
  const hasLength = (what: string, wanted: number, got: number | undefined) => {
    if (got !== undefined && got !== wanted) throw new ShapeError(`${what} has ${wanted} entries, got ${got}`)
  }
  hasLength('observed', rows.length, observed?.length)
  hasLength('weights', count, weights?.length)
  hasLength('noise', dim, noise.length)
  if (start !== undefined && !isDeepStrictEqual(checkFlow(start).spec, spec)) {
    throw new ShapeError('a fit goes on from a flow of its own spec', { values: { spec, start: start.spec } })
  }
  for (const share of [trim, trimSuspect]) {
    if (!(share >= 0 && share < 0.5)) throw new ShapeError(`the trimmed share is from 0 to below a half, got ${share}`)
  }
  if (!(dropoutFew >= 0 && dropoutFew < 1)) {
    throw new ShapeError(`the share of dropped units is from 0 to below 1, got ${dropoutFew}`)
  }
  for (const [name, size, least] of [
    ['maxSteps', maxSteps, 0],
    ['batchSize', batchSize, 1],
    ['patience', patience, 1],
  ] as const) {
    if (!Number.isInteger(size) || size < least) {
      throw new ShapeError(`${name} is a whole number of ${least} or more, got ${size}`)
    }
  }
  checkFinite(rows, dim)
  checkFinite(context, contextDim)
  checkFinite(noise, dim)
  if (weights === undefined) return
  checkFinite(weights, 1)
  const isSome = weights.some((weight) => weight > 0)
  if (!isSome || weights.some((weight) => weight < 0)) {
    throw new ShapeError('weights are 0 or more, and some are above 0; got one below, or none above')
  }
}

/** Fewer leave a held-out tenth of a row or two, which chooses nothing. */
const FEWEST_ROWS = 20
