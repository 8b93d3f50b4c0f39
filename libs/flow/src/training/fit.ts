import { type ForkOptions, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { BackendUnavailable, FitCancelled, FitFailed, NotFiniteError } from '../errors.js'
import { checkSpec } from '../flows/flow-state.js'
import {
  checkTraining,
  FIT_DEFAULTS,
  type Fit,
  type FitOptions,
  type FitProgress,
  type FitSettings,
  silvermanNoise,
  type TrainingRows,
} from './fit-options.js'

/**
 * Fits a flow by maximum likelihood, in a child process, so that memory the tensor library leaks is freed with it.
 *
 * Training adds noise to every batch, uses Adam with warm-up and cosine decay, clips gradients, and keeps the snapshot with the
 * lowest held-out NLL. docs/design/flow.md has the sources.
 *
 * @throws {ShapeError} when rows, context, noise or spec do not fit together, or there are fewer than 20 rows
 * @throws {NotFiniteError} when a number of the rows, the contexts or the noise is NaN or infinite
 * @throws {BackendUnavailable} when the wanted backend does not load
 * @throws {FitCancelled} when the signal aborts
 * @throws {FitFailed} when the fit process ends without a flow
 */
export async function fitFlow(rows: TrainingRows, { onProgress, signal, ...options }: FitOptions): Promise<Fit> {
  const [fit] = await fitFlows([{ rows, options }], { onProgress, signal })
  return fit!
}

/** Rows, and how a flow is fitted to them. */
export interface FitTable {
  readonly rows: TrainingRows
  readonly options: Omit<FitOptions, 'onProgress' | 'signal'>
}

/**
 * Fits a flow to each table, one after the other in one child process, which takes a second to start. Its niceness and number of threads
 * are those of the first.
 *
 * @throws as `fitFlow`, for the first fit that fails
 */
export async function fitFlows(
  tables: readonly FitTable[],
  { onProgress, signal }: { readonly [K in 'onProgress' | 'signal']?: FitOptions[K] | undefined },
): Promise<readonly Fit[]> {
  const request: ToFitProcess = tables.map(taskOf)
  if (signal?.aborted) throw cancelled(signal)
  const child = fork(...entry(signal))
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-KEPT_STDERR_LENGTH)
  })
  return new Promise<readonly Fit[]>((resolve, reject) => {
    let report: Exclude<FromFitProcess, { kind: 'progress' }> | undefined
    child.on('message', (message: FromFitProcess) => {
      if (message.kind === 'progress') onProgress?.(message.progress)
      else report = message
    })
    child.on('error', (error) => reject(signal?.aborted ? cancelled(signal) : fitFailed(error.message, error)))
    // Emitted after the last message, `exit` and the end of stderr: the process does not outlive the fit.
    child.on('close', (code, killedBy) => {
      if (report?.kind === 'fitted') resolve(report.fits)
      else if (report?.kind === 'failed') reject(revive(report))
      else reject(fitFailed(`it ended with ${killedBy ?? `exit code ${code}`} ${stderr}`.trim()))
    })
    child.send(request)
  })
}

function taskOf({ rows: data, options }: FitTable): FitTask {
  const { dim } = checkSpec(options.spec)
  const noise = new Float32Array(dim).fill(silvermanNoise(data.rows.length / dim, dim))
  const settings: FitSettings = { ...FIT_DEFAULTS, noise, ...options }
  checkTraining(data, settings)
  return { data, settings }
}

/** The fit process's entry file: compiled, or the TypeScript source if this module runs from source. The signal kills the process. */
function entry(signal: AbortSignal | undefined): [string, string[], ForkOptions] {
  const options: ForkOptions = {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    ...(signal && { signal, killSignal: 'SIGKILL' }),
  }
  if (!import.meta.url.endsWith('.ts'))
    return [fileURLToPath(new URL('./fit-process.js', import.meta.url)), [], { ...options, execArgv: [] }]
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const execArgv = ['--import', tsx, '--conditions=source']
  return [fileURLToPath(new URL('./fit-process.ts', import.meta.url)), [], { ...options, execArgv }]
}

/** Messages to and from the fit process. */
interface FitTask {
  readonly data: TrainingRows
  readonly settings: FitSettings
}
export type ToFitProcess = readonly FitTask[]
export type FromFitProcess =
  | { readonly kind: 'progress'; readonly progress: FitProgress }
  | { readonly kind: 'fitted'; readonly fits: readonly Fit[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

function cancelled(signal: AbortSignal): FitCancelled {
  return new FitCancelled('the fit was cancelled', { cause: signal.reason })
}

function fitFailed(how: string, cause?: unknown): FitFailed {
  return new FitFailed(`the fit process ended without a flow: ${how}`, { cause })
}

function revive({ code, message }: { code: string; message: string }): Error {
  if (code === 'OUTFLOW_BACKEND_UNAVAILABLE') return new BackendUnavailable(message)
  if (code === 'OUTFLOW_FLOW_NOT_FINITE') return new NotFiniteError(message)
  return fitFailed(message)
}

/** Characters of the fit process's stderr that an error quotes. */
const KEPT_STDERR_LENGTH = 2_000
