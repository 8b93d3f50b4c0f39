import { setImmediate } from 'node:timers/promises'
import { actnormOf } from './actnorm.js'
import { adam, clipNorm, learningRateAt } from './adam.js'
import type { Backend } from './backend.js'
import { NotFiniteError } from './errors.js'
import type { Fit, FitProgress, FitReport, FitSettings, TrainingRows } from './fit.js'
import type { FlowSpec, FlowState } from './flow-state.js'
import { seededRandom } from './random.js'
import { unfittedFlow } from './real-nvp.js'
import { type TrainableFlow, trainableFlow } from './trainable-flow.js'
import { type TrainingBatch, type TrainingBatches, trainingBatches } from './training-batches.js'

/**
 * Maximum-likelihood training on the backend that is open, in this process; `fitFlow` gives it one of its own.
 *
 * @param onLook  called at each look at the held-out rows
 * @throws {NotFiniteError} when not even the start has a finite likelihood
 */
export async function train(
  data: TrainingRows,
  settings: FitSettings,
  backend: Backend,
  onLook: (progress: FitProgress) => void = () => {},
): Promise<Fit> {
  const started = performance.now()
  const { spec, seed, noise, trim = 0, maxSteps = 2000, batchSize = 256, patience = 300 } = settings
  const { share = 0.1, maxRows = 2000 } = settings.validation ?? {}
  const batches = trainingBatches(data, spec, { seed, noise, share, maxRows })
  const flow = trainableFlow(startOf(spec, seed, batches))
  const step = adam(flow.parameters.length)
  const luck = seededRandom(seed, 'trimming')
  const looks: Looks = { atSteps: [], trainNll: [], validationNll: [] }

  let best = { step: 0, nll: validate(flow, batches.validation), flow: flow.snapshot() }
  if (!Number.isFinite(best.nll))
    throw new NotFiniteError('the unfitted flow has no finite likelihood on the held-out rows')
  let stopped: FitReport['stopped'] = 'maxSteps'
  let steps = 0
  let sinceLook: number[] = []
  while (steps < maxSteps) {
    const batch = batches.next(batchSize)
    const trimmed = steps >= TRIM_FROM * maxSteps ? Math.floor(trim * batch.count + luck.uniform()) : 0
    const { loss, gradient } = flow.lossAndGradient(batch, (nll) => weightsOf(batch, nll, trimmed))
    const norm = clipNorm(gradient, CLIP_PER_ROOT_DIM * Math.sqrt(spec.dim))
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      stopped = 'diverged'
      break
    }
    step(flow.parameters, gradient, learningRateAt(steps, maxSteps, LEARNING_RATE))
    steps += 1
    sinceLook.push(loss)
    // Lets messages through: progress out, and the news that the parent is gone in.
    if (steps % BREATHE_EVERY === 0) await setImmediate()
    if (steps % LOOK_EVERY !== 0 && steps !== maxSteps) continue

    const validationNll = validate(flow, batches.validation)
    const trainNll = sinceLook.reduce((total, nll) => total + nll, 0) / sinceLook.length
    sinceLook = []
    looks.atSteps.push(steps)
    looks.trainNll.push(trainNll)
    looks.validationNll.push(validationNll)
    if (validationNll < best.nll) best = { step: steps, nll: validationNll, flow: flow.snapshot() }
    onLook({ step: steps, maxSteps, trainNll, validationNll, elapsedMs: performance.now() - started })
    if (steps - best.step >= patience) {
      stopped = 'patience'
      break
    }
  }
  const { trainingRows, validationRows } = batches
  const counts = { steps, bestStep: best.step, trainingRows, validationRows }
  const durationMs = performance.now() - started
  const report = { backend: backend.name, backendVersion: backend.version, ...counts, ...looks, durationMs, stopped }
  return { flow: best.flow, report }
}

interface Looks {
  readonly atSteps: number[]
  readonly trainNll: number[]
  readonly validationNll: number[]
}

/** Context shift and couplings start as the identity, so the first actnorm alone sees rows that it must normalise. */
function startOf(spec: FlowSpec, seed: number, batches: TrainingBatches): FlowState {
  const unfitted = unfittedFlow(spec, seed)
  const { bias, logScale } = actnormOf(batches.first(INITIALISING_ROWS).rows, spec.dim)
  const weights = new Map(unfitted.weights)
  weights.set('layers.0.actnorm.bias', { shape: [spec.dim], data: bias })
  weights.set('layers.0.actnorm.logScale', { shape: [spec.dim], data: logScale })
  return { spec, weights }
}

/** Each row's share of the batch's mean, 0 for the `trimmed` worst. */
function weightsOf(batch: TrainingBatch, nll: Float32Array, trimmed: number): Float32Array {
  const weights = batch.weights.slice()
  if (trimmed > 0) {
    const byNll = Uint32Array.from(nll.keys()).sort((a, b) => nll[b]! - nll[a]!)
    for (const row of byNll.subarray(0, trimmed)) weights[row] = 0
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return total > 0 ? weights.map((weight) => weight / total) : weights
}

/** Mean NLL of the lowest 90 % of the held-out rows: the plain mean is made by two or three of them. */
function validate(flow: TrainableFlow, validation: TrainingBatch): number {
  const nll = flow.nll(validation).sort()
  const kept = nll.subarray(0, Math.max(1, Math.ceil(nll.length * VALIDATION_KEPT)))
  return kept.reduce((total, value) => total + value, 0) / kept.length
}

// Measured on twelve tables of ADBench, three seeds each; the README says what was compared.
const LEARNING_RATE = 1e-3
const CLIP_PER_ROOT_DIM = 5
const LOOK_EVERY = 50
const BREATHE_EVERY = 10
const TRIM_FROM = 0.2
const VALIDATION_KEPT = 0.9
const INITIALISING_ROWS = 2048
