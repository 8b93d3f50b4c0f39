import { setImmediate } from 'node:timers/promises'
import { NotFiniteError } from '../errors.js'
import { meanOf } from '../mean.js'
import type { Backend } from '../tensor/backend.js'
import { adam, clipNorm, learningRateAt } from './adam.js'
import { averagedWeights } from './averaged-weights.js'
import type { Fit, FitProgress, FitReport, FitSettings, TrainingRows } from './fit-options.js'
import { lowestNineTenths } from './held-out.js'
import { startingFlow } from './starting-flow.js'
import { type Batch, type TrainableFlow, trainableFlow } from './trainable-flow.js'
import { trainingBatches } from './training-batches.js'
import { sharesWithoutWorst, trimming } from './trimming.js'

/**
 * Maximum-likelihood training in this process, on the open backend. `fitFlow` runs it in a child process.
 *
 * @param onEvaluation  called at each evaluation of the held-out rows
 * @throws {NotFiniteError} when the starting flow has no finite likelihood
 */
export async function train(
  data: TrainingRows,
  settings: FitSettings,
  backend: Backend,
  onEvaluation: (progress: FitProgress) => void = () => {},
): Promise<Fit> {
  const started = performance.now()
  const { spec, maxSteps, batchSize, patience } = settings
  const batches = trainingBatches(data, settings)
  const flow = trainableFlow(startingFlow(settings, batches))
  const takeStep = stepper(flow, settings)
  const evaluations = evaluationsOf(flow, batches.validation, spec.dim)

  const timesAt = (steps: number) => {
    const elapsedMs = performance.now() - started
    const epoch = (steps * Math.min(batchSize, batches.trainingRows)) / batches.trainingRows
    return { epoch, elapsedMs, leftMs: (elapsedMs / steps) * (maxSteps - steps) }
  }
  const descend = async (): Promise<Pick<FitReport, 'steps' | 'stopped'>> => {
    for (let steps = 1; steps <= maxSteps; steps++) {
      const loss = takeStep(steps - 1, batches.next(batchSize))
      if (loss === undefined) return { steps: steps - 1, stopped: 'diverged' }
      // Yields to the event loop: sends progress, and notices when the parent has disconnected.
      if (steps % YIELD_EVERY === 0) await setImmediate()
      evaluations.add(steps, loss)
      if (steps % EVALUATE_EVERY === 0 || steps === maxSteps) {
        onEvaluation({ ...evaluations.evaluate(steps), maxSteps, ...timesAt(steps) })
      }
      if (steps - evaluations.currentBest().step >= patience) return { steps, stopped: 'patience' }
    }
    return { steps: maxSteps, stopped: 'maxSteps' }
  }
  const { steps, stopped } = await descend()
  const best = evaluations.best()
  const report: FitReport = {
    backend: backend.name,
    backendVersion: backend.version,
    steps,
    bestStep: best.step,
    stopped: evaluations.isDiverged() ? 'diverged' : stopped,
    ...evaluations.curves,
    bestNll: best.nll,
    durationMs: performance.now() - started,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  }
  return { flow: best.flow, report }
}

/** One training step. Returns the batch's loss, or undefined if it or its gradient is not finite; the flow is then unchanged. */
function stepper(flow: TrainableFlow, settings: FitSettings) {
  const { spec, maxSteps, learningRate } = settings
  const move = adam(flow.parameters.length)
  const trimmedAt = trimming(settings)
  return (step: number, batch: Batch): number | undefined => {
    const trimmed = trimmedAt(step, batch.rows.length / spec.dim)
    const { loss, gradient } = flow.lossAndGradient(batch, (nll) => sharesWithoutWorst(nll, trimmed))
    const norm = clipNorm(gradient, spec.dim)
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) return undefined
    move(flow.parameters, gradient, learningRateAt(step, maxSteps, learningRate))
    return loss
  }
}

/**
 * Evaluates the held-out rows at intervals, with the current and with the averaged weights, and keeps the best snapshot. The
 * start counts as one, so a fit is never worse than its start.
 *
 * Patience counts only improvements of the current weights: the average improves while early steps decay in it, even
 * after the flow has begun to overfit.
 */
function evaluationsOf(flow: TrainableFlow, validation: Batch, dim: number) {
  const curves = { atSteps: [] as number[], trainNll: [] as number[], validationNll: [] as number[] }
  const validate = (step: number) => ({ step, nll: lowestNineTenths(flow.nll(validation)) })
  const averaged = averagedWeights(flow.parameters)
  let best = { ...validate(0), flow: flow.snapshot() }
  if (!Number.isFinite(best.nll)) {
    throw new NotFiniteError('the unfitted flow has no finite likelihood on the held-out rows')
  }
  let currentBest: { readonly step: number; readonly nll: number } = best
  const consider = (step: number): number => {
    const found = validate(step)
    if (found.nll < best.nll) best = { ...found, flow: flow.snapshot() }
    return found.nll
  }
  const start = { validationNll: best.nll, trainNll: Number.POSITIVE_INFINITY }
  let currentNll = best.nll
  let sinceLast: number[] = []
  /** Adds the loss of a step's batch, and the weights after the step. */
  const add = (step: number, loss: number): void => {
    sinceLast.push(loss)
    averaged.add()
    // The first loss is taken before the first step.
    if (step === 1) start.trainNll = loss
  }
  const evaluate = (step: number) => {
    const trainNll = meanOf(sinceLast)
    currentNll = consider(step)
    const validationNll = Math.min(
      currentNll,
      averaged.withMean(() => consider(step)),
    )
    if (currentNll < currentBest.nll) currentBest = { step, nll: currentNll }
    sinceLast = []
    curves.atSteps.push(step)
    curves.trainNll.push(trainNll)
    curves.validationNll.push(validationNll)
    return { step, trainNll, validationNll }
  }
  /** Whether training and held-out rows are both far less likely than at the start, or NaN; overfitting affects held-out rows only. */
  const isDiverged = () => {
    const { trainNll } = curves
    const margin = DIVERGED_PER_COLUMN * dim
    const isWorse = (nll: number, began: number) => !(nll <= began + margin)
    return trainNll.length > 0 && isWorse(trainNll.at(-1)!, start.trainNll) && isWorse(currentNll, start.validationNll)
  }
  return { curves, add, evaluate, isDiverged, best: () => best, currentBest: () => currentBest }
}

const EVALUATE_EVERY = 50
const YIELD_EVERY = 10
/** Nats; batches differ by tenths. */
const DIVERGED_PER_COLUMN = 1
