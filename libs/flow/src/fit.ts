import type { BackendName } from './backend.js'
import type { FlowSpec, FlowState } from './flow-state.js'

/** Rows to fit, already standardised by the encoder. */
export interface TrainingRows {
  /** [n, dim], row-major */
  readonly rows: Float32Array
  /** [n, contextDim], row-major; empty for an unconditional flow */
  readonly context: Float32Array
  /** [n, dim]; 1 is observed, 0 is missing: a missing coordinate is drawn anew from N(0, 1) at each step. Default: all observed. */
  readonly observed?: Uint8Array
  /** [n]; how much each row counts in the loss. Default: 1 each. */
  readonly weights?: Float32Array
}

export interface FitOptions {
  readonly spec: FlowSpec
  /** Whole number; the same seed on the same backend gives the same flow. */
  readonly seed: number
  /** [dim]; sigma of the Gaussian noise that each training batch gets, per column; none at scoring. */
  readonly noise: Float32Array
  /** Share of the worst rows of each batch left out of its gradient from 20 % of the steps on. Default 0. */
  readonly trim?: number
  /** Default 2000. */
  readonly maxSteps?: number
  /** Default 256. */
  readonly batchSize?: number
  /** Steps without a better validation after which the fit ends. Default 300. */
  readonly patience?: number
  /** Rows held out for choosing the snapshot. Default: a tenth, at most 2,000. */
  readonly validation?: { readonly share?: number; readonly maxRows?: number }
  /** Default: tfjs-node when its native library loads, else wasm. */
  readonly backend?: BackendName
  readonly onProgress?: (progress: FitProgress) => void
  /** Aborting ends the fit process and rejects with FitCancelled. */
  readonly signal?: AbortSignal
}

/** Where a fit stands, told at each look at the validation rows. */
export interface FitProgress {
  readonly step: number
  readonly maxSteps: number
  /** Mean NLL of the training batches since the last look, nats. */
  readonly trainNll: number
  /** Mean NLL of the lowest 90 % of the validation rows, nats. */
  readonly validationNll: number
  readonly elapsedMs: number
}

/** What a fit did; goes into the model's metadata. */
export interface FitReport {
  readonly backend: BackendName
  readonly backendVersion: string
  readonly steps: number
  /** The step whose weights were kept. */
  readonly bestStep: number
  /** Steps at which the validation rows were looked at; the two lists below are of these steps. */
  readonly atSteps: readonly number[]
  readonly trainNll: readonly number[]
  readonly validationNll: readonly number[]
  readonly trainingRows: number
  readonly validationRows: number
  readonly durationMs: number
  /** `diverged`: a loss or gradient was not finite; the best weights until then were kept. */
  readonly stopped: 'patience' | 'maxSteps' | 'diverged'
}

/** A fitted flow, and how it came about. */
export interface Fit {
  readonly flow: FlowState
  readonly report: FitReport
}

export function fitFlow(_data: TrainingRows, _options: FitOptions): Promise<Fit> {
  throw new Error('being written')
}
