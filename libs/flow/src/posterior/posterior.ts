import { setImmediate } from 'node:timers/promises'
import { type BaseDistribution, nllOf } from '../base/base-distribution.js'
import { baseOf } from '../base/bases.js'
import { withFirstActnorm } from '../bijectors/actnorm.js'
import { FitCancelled, NotFiniteError, ShapeError } from '../errors.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import { checkSpec, type FlowSpec, type FlowState } from '../flows/flow-state.js'
import { meanOf } from '../mean.js'
import { seededRandom } from '../random.js'
import { type BackendName, openBackend } from '../tensor/backend.js'
import { checkFinite } from '../tensor/rows.js'
import { adam, clipNorm, learningRateAt } from '../training/adam.js'
import { type TrainableFlow, trainableFlow } from '../training/trainable-flow.js'
import { solveTransposed } from './linear-solve.js'

/**
 * An unnormalised log-density with its gradient at each row of θ [count, dim]; may be asynchronous.
 *
 * It must be finite everywhere: use the logarithm of a bounded parameter (a variance), including the Jacobian.
 */
export type LogDensity = (theta: Float64Array, count: number) => LogDensityAt | Promise<LogDensityAt>

/** Result of a `LogDensity`. */
export interface LogDensityAt {
  /** [count], nats */
  readonly logDensity: ArrayLike<number>
  /** [count, dim] */
  readonly gradient: ArrayLike<number>
}

/** Options of `fitPosterior`. */
export interface PosteriorOptions {
  /** Without a context. */
  readonly spec: FlowSpec
  /** Integer; the same seed on the same backend gives the same flow. Default 1. */
  readonly seed?: number
  /** Initial mean and standard deviation of q, [dim] each. Default: 0 and 1. */
  readonly start?: { readonly mean: ArrayLike<number>; readonly deviation: ArrayLike<number> }
  /** Default 1000. */
  readonly maxSteps?: number
  /** Draws of θ a step. Default 128. */
  readonly batchSize?: number
  /** Peak of the learning rate. Default 5e-3. */
  readonly learningRate?: number
  /** Default: tfjs-node when its native library loads, else wasm. */
  readonly backend?: BackendName
  readonly onProgress?: (progress: PosteriorProgress) => void
  /** Aborting rejects with FitCancelled. */
  readonly signal?: AbortSignal
}

/** Progress of a fit, reported at each evaluation. */
export interface PosteriorProgress {
  readonly step: number
  readonly maxSteps: number
  /** Evidence lower bound E[log p̃(θ) − log q(θ)] over the same draws each time, nats. */
  readonly elbo: number
  readonly elapsedMs: number
}

/** q(θ) and how close it is to the posterior. */
export interface Posterior {
  /** Can be scored, sampled and saved like any flow. */
  readonly flow: FlowState
  readonly report: PosteriorReport
}

/** Record of a fit of a posterior. */
export interface PosteriorReport {
  readonly backend: BackendName
  readonly steps: number
  /** The step whose weights were kept. */
  readonly bestStep: number
  /** Steps at which the bound was evaluated; `elbo` has one entry for each. */
  readonly atSteps: readonly number[]
  /** As in `PosteriorProgress`, nats. */
  readonly elbo: readonly number[]
  /** log ∫ p̃, by importance sampling from q, nats. */
  readonly logEvidence: number
  /** Effective sample size as a share of the draws: 1 if q is the posterior, near 0 if it misses part of it. */
  readonly effectiveShare: number
  readonly durationMs: number
  /**
   * `diverged`: a density or gradient was not finite, or the bound ended far below its start. The best weights until then were
   * kept, the starting ones if none were better.
   */
  readonly stopped: 'maxSteps' | 'diverged'
}

/**
 * Fits a flow q(θ) to an unnormalised log-density p̃ by variational inference: maximises ELBO = E_q[log p̃(θ) − log q(θ)].
 *
 * θ = f⁻¹(z) is computed by the inverse in float64, whose gradient is not needed: with J = ∂f/∂θ at θ,
 *
 *     dθ/dφ = −J⁻¹·∂f/∂φ      ∇φ ELBO = −E[v·∂f/∂φ]      v = J⁻ᵀ·(∇θ log p̃ − ∇θ log|det J|) − ∇z log base(z)
 *
 * which is the gradient of Σ v·f(θ) by the forward map with v and θ fixed. The score of q has mean zero and is left out, so the
 * gradient has no variance if q is the posterior.
 *
 * It runs in this process, because a density function cannot be sent to another. It yields to the event loop after each step; a
 * step blocks it for tens of milliseconds plus the density's own time. A process has one backend: fits that run at once use the same one.
 *
 * @throws {ShapeError} when the spec has a context, or density, start and spec do not belong together
 * @throws {NotFiniteError} when the density is not finite where the fit starts
 * @throws {BackendUnavailable} when the wanted backend does not load
 * @throws {FitCancelled} when the signal aborts
 * @see Rezende & Mohamed 2015, arXiv:1505.05770; Roeder, Wu & Duvenaud 2017, arXiv:1703.09194
 */
export async function fitPosterior(density: LogDensity, options: PosteriorOptions): Promise<Posterior> {
  const { spec, seed = 1, maxSteps = 1000, batchSize = 128, learningRate = 5e-3, signal, onProgress } = options
  if (checkSpec(spec).contextDim > 0) throw new ShapeError(`q(θ) has no context, got one of ${spec.contextDim} columns`)
  const started = performance.now()
  const backend = await openBackend(options.backend)
  const began = startOf(spec, seed, options.start)
  const flow = trainableFlow(began)
  const base = baseOf(began)
  const draws = elboTerms(flow, base, spec.dim, checked(density, spec.dim))
  const random = seededRandom(seed, 'posterior')
  const move = adam(flow.parameters.length)
  const evaluations = evaluationsOf(flow, draws, base.draw(seededRandom(seed, 'looks'), EVALUATION_DRAWS), spec.dim)

  const ascend = async (): Promise<Pick<PosteriorReport, 'steps' | 'stopped'>> => {
    for (let step = 1; step <= maxSteps; step++) {
      if (signal?.aborted) throw new FitCancelled('the fit was cancelled', { cause: signal.reason })
      const gradient = await draws.gradient(base.draw(random, batchSize))
      if (gradient === undefined || !Number.isFinite(clipNorm(gradient, spec.dim))) {
        return { steps: step - 1, stopped: 'diverged' }
      }
      move(flow.parameters, gradient, learningRateAt(step - 1, maxSteps, learningRate))
      await setImmediate()
      if (step % EVALUATE_EVERY !== 0 && step !== maxSteps) continue
      const elbo = await evaluations.evaluate(step)
      onProgress?.({ step, maxSteps, elbo, elapsedMs: performance.now() - started })
    }
    return { steps: maxSteps, stopped: 'maxSteps' }
  }
  if (!Number.isFinite(await evaluations.evaluate(0))) {
    throw new NotFiniteError(
      'the log-density is not finite at the starting draws; set `start` to a mean and deviation where it is',
    )
  }
  const { steps, stopped } = await ascend()
  const { best, isDiverged, atSteps, elbo } = evaluations.found()
  const durationMs = performance.now() - started
  const report: PosteriorReport = {
    backend: backend.name,
    steps,
    stopped: isDiverged ? 'diverged' : stopped,
    bestStep: best.step,
    atSteps,
    elbo,
    ...importance(best.logWeights),
    durationMs,
  }
  return { flow: best.flow, report }
}

/** The unfitted flow, its first actnorm set so that q begins with the given mean and deviation. */
function startOf(spec: FlowSpec, seed: number, start: PosteriorOptions['start']): FlowState {
  const unfitted = unfittedFlow(spec, seed)
  if (start === undefined) return unfitted
  const { mean, deviation } = start
  if (mean.length !== spec.dim || deviation.length !== spec.dim || !Array.from(deviation).every((each) => each > 0)) {
    throw new ShapeError(`a start has ${spec.dim} means and as many deviations above 0`)
  }
  const bias = Float32Array.from(mean, (number) => -number)
  const logScale = Float32Array.from(deviation, (number) => -Math.log(number))
  return withFirstActnorm(unfitted, checkFinite(bias, spec.dim), checkFinite(logScale, spec.dim))
}

/** Calls the density and checks the shapes of its result. */
function checked(density: LogDensity, dim: number): LogDensity {
  return async (theta, count) => {
    const at = await density(theta, count)
    if (at.logDensity.length === count && at.gradient.length === count * dim) return at
    const got = `${at.logDensity.length} and ${at.gradient.length}`
    throw new ShapeError(`a log-density gives ${count} numbers and a gradient of ${count * dim}, got ${got}`)
  }
}

/** Evaluates draws of q; latent is [count, dim]. */
function elboTerms(flow: TrainableFlow, base: BaseDistribution, dim: number, density: LogDensity) {
  return {
    /** Gradient of the negative ELBO by every parameter; undefined if the density is not finite at some draw. */
    gradient: async (latent: Float64Array) => {
      const count = latent.length / dim
      const theta = flow.inverse(latent).value
      const { gradient } = await density(theta, count)
      const batch = { rows: Float32Array.from(theta) }
      const { jacobian, ofLogDet } = flow.rowGradients(batch)
      const slopes = Float64Array.from(ofLogDet, (slope, at) => gradient[at]! - slope)
      if (!slopes.every(Number.isFinite)) return undefined
      const pull = solveTransposed(jacobian, slopes, dim)
      const ofBase = base.slope(latent)
      return flow.latentGradient(
        batch,
        Float32Array.from(pull, (slope, at) => (slope + ofBase[at]!) / count),
      )
    },
    /** log p̃(θ) − log q(θ) of each draw, [count] in nats. */
    logWeights: async (latent: Float64Array) => {
      const count = latent.length / dim
      const { value, logDet } = flow.inverse(latent)
      const { logDensity } = await density(value, count)
      // −log q(θ): the inverse's log-det is the negated forward one.
      const surprise = nllOf(
        base,
        latent,
        logDet.map((stretch) => -stretch),
      )
      return surprise.map((nats, row) => logDensity[row]! + nats)
    },
  }
}

/**
 * Evaluates the same draws at intervals and keeps the latest snapshot that is not significantly worse than the best bound: near
 * the end bounds differ by less than their errors, and later flows, of smaller steps, are closer. A snapshot below the start's
 * bound is never kept.
 */
function evaluationsOf(flow: TrainableFlow, draws: ReturnType<typeof elboTerms>, latent: Float64Array, dim: number) {
  const curves = { atSteps: [] as number[], elbo: [] as number[] }
  let began = Number.NEGATIVE_INFINITY
  let highest: Float64Array | undefined
  let kept: { step: number; flow: FlowState; logWeights: Float64Array } | undefined
  const evaluate = async (step: number): Promise<number> => {
    const logWeights = await draws.logWeights(latent)
    const elbo = meanOf(logWeights)
    if (step === 0) began = elbo
    if (highest === undefined || (elbo >= began && !isWorse(logWeights, highest))) {
      kept = { step, flow: flow.snapshot(), logWeights }
    }
    if (highest === undefined || elbo > meanOf(highest)) highest = logWeights
    if (step > 0) {
      curves.atSteps.push(step)
      curves.elbo.push(elbo)
    }
    return elbo
  }
  const isDiverged = () => curves.elbo.length > 0 && !(curves.elbo.at(-1)! >= began - DIVERGED_PER_COLUMN * dim)
  return { evaluate, found: () => ({ best: kept!, isDiverged: isDiverged(), ...curves }) }
}

/**
 * Whether a mean is below another by more than two standard errors of the paired difference, or by more than a fixed margin: the
 * draws of a diverged flow differ by thousands of nats.
 */
function isWorse(logWeights: Float64Array, than: Float64Array): boolean {
  const differences = logWeights.map((nats, draw) => nats - than[draw]!)
  const mean = meanOf(differences)
  const variance = meanOf(differences.map((each) => (each - mean) ** 2))
  // The comparison is written so that NaN counts as worse.
  return !(mean >= -Math.min(2 * Math.sqrt(variance / differences.length), LARGEST_MARGIN))
}

/** Log evidence and effective sample share from log importance weights [count]. */
function importance(logWeights: Float64Array): Pick<PosteriorReport, 'logEvidence' | 'effectiveShare'> {
  const largest = logWeights.reduce((most, nats) => Math.max(most, nats), Number.NEGATIVE_INFINITY)
  const weights = logWeights.map((nats) => Math.exp(nats - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0)
  const { length } = weights
  return { logEvidence: largest + Math.log(total / length), effectiveShare: (total * total) / squares / length }
}

const EVALUATE_EVERY = 50
/** Draws per evaluation: bounds then vary by hundredths of a nat, and an evaluation costs less than the steps between. */
const EVALUATION_DRAWS = 1024
/** Nats; near the end of a fit, bounds differ by hundredths. */
const LARGEST_MARGIN = 0.1
/** Nats below the start's bound that count as divergence. */
const DIVERGED_PER_COLUMN = 1
