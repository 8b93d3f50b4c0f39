import { ShapeError } from '../errors.js'
import type { FlowSpec, FlowState } from '../flows/flow-state.js'
import type { BackendName } from '../tensor/backend.js'
import { checkFinite, checkRows, NO_CONTEXT } from '../tensor/rows.js'

/** Rows to fit, already standardised by the encoder. */
export interface TrainingRows {
  /** [n, dim], row-major */
  readonly rows: Float32Array
  /** [n, contextDim], row-major. Default: empty, for an unconditional flow. */
  readonly context?: Float32Array
  /** [n, dim]; 1 is observed, 0 is missing: a missing coordinate is drawn anew from N(0, 1) at each step. Default: all observed. */
  readonly observed?: Uint8Array
}

/** Options of `fitFlow`. */
export interface FitOptions {
  readonly spec: FlowSpec
  /** Integer; the same seed on the same backend gives the same flow. Default 1. */
  readonly seed?: number
  /**
   * [dim]; standard deviation of the Gaussian noise added to each training batch, per column; no noise at scoring. Default: 0.25·n^(−1/(dim+4))
   * in every column, for rows that are standardised. A mixture base is fitted with separate noise.
   */
  readonly noise?: Float32Array
  /**
   * Share of the least likely rows that each batch's gradient leaves out, from 20 % of the steps on, or from the first step of a flow on a
   * mixture. Above 0, components of a mixture that are far from the bulk of the rows are discounted. Default 0.
   */
  readonly trim?: number
  /** Default 2000; 0 returns the starting flow. */
  readonly maxSteps?: number
  /** Peak learning rate of Adam. Default 2e-3. */
  readonly learningRate?: number
  /** Default 256. */
  readonly batchSize?: number
  /** The fit stops after this many steps without an improvement on the held-out rows. Default 150. */
  readonly patience?: number
  /** Default: tfjs-node when its native library loads, else wasm. */
  readonly backend?: BackendName
  /** Niceness of the fit's process, 0 to 19. Default 0. */
  readonly niceness?: number
  /** Maximum number of threads of the tensor library; wasm always uses one. Default 1. */
  readonly threads?: number
  readonly onProgress?: (progress: FitProgress) => void
  /** Aborting it ends the fit process and rejects with FitCancelled. */
  readonly signal?: AbortSignal
}

/** Progress of a fit, reported at each evaluation of the held-out rows. */
export interface FitProgress {
  readonly step: number
  /** Passes over the training rows so far. */
  readonly epoch: number
  readonly maxSteps: number
  /** Mean NLL of the training batches since the last report, nats. */
  readonly trainNll: number
  /** Mean NLL of the lowest 90 % of the held-out rows, nats; by the current or the averaged weights, whichever is lower. */
  readonly validationNll: number
  readonly elapsedMs: number
  /** Estimated time until maxSteps; a fit that stops improving ends sooner. */
  readonly leftMs: number
}

/** Record of a fit; stored in the model's metadata. */
export interface FitReport {
  readonly backend: BackendName
  readonly backendVersion: string
  readonly steps: number
  /** The step whose weights, current or averaged, were kept. */
  readonly bestStep: number
  /** Steps at which the held-out rows were evaluated; the two lists below have one entry for each. */
  readonly atSteps: readonly number[]
  /** As in `FitProgress`, nats. */
  readonly trainNll: readonly number[]
  /** As in `FitProgress`, nats. */
  readonly validationNll: readonly number[]
  /** `validationNll` of the weights that were kept, nats; unlike the list, it includes the starting flow. */
  readonly bestNll: number
  readonly durationMs: number
  /** Peak resident memory of the fit's process. */
  readonly peakMemoryBytes: number
  /**
   * `diverged`: a loss or gradient was not finite, or all rows ended far less likely than at the start. The best weights until
   * then were kept, the starting ones if none were better.
   */
  readonly stopped: 'patience' | 'maxSteps' | 'diverged'
}

/** A fitted flow and its report. */
export interface Fit {
  readonly flow: FlowState
  readonly report: FitReport
}

/** The options that are plain data, with their defaults. */
export type FitSettings = Omit<FitOptions, 'onProgress' | 'signal'> &
  Required<Pick<FitOptions, keyof typeof FIT_DEFAULTS | 'noise'>>

/** The noise depends on the rows. */
export const FIT_DEFAULTS = { seed: 1, trim: 0, maxSteps: 2000, learningRate: 2e-3, batchSize: 256, patience: 150 }

/** A quarter of Silverman's bandwidth for rows of deviation 1: 0.25·count^(−1/(dim+4)). */
export function silvermanNoise(count: number, dim: number): number {
  // By exp and log, which round the same in every version of Node; powers do not.
  return 0.25 * Math.exp(-Math.log(count) / (dim + 4))
}

/**
 * Checks that rows and settings fit together.
 *
 * @throws {ShapeError} naming the option that does not fit
 * @throws {NotFiniteError} when a number of the rows, the contexts or the noise is NaN or infinite
 */
export function checkTraining({ rows, context = NO_CONTEXT, observed }: TrainingRows, options: FitSettings): void {
  const { spec, noise, trim, maxSteps, batchSize, patience, learningRate } = options
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
  hasLength('noise', dim, noise.length)
  if (!(trim >= 0 && trim < 0.5)) throw new ShapeError(`the trimmed share is from 0 to below a half, got ${trim}`)
  if (!(learningRate > 0)) throw new ShapeError(`learningRate is above 0, got ${learningRate}`)
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
}

/** With fewer rows the held-out tenth is one or two rows, too few to choose a snapshot. */
const FEWEST_ROWS = 20
