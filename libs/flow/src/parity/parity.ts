import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { HALF_LOG_TWO_PI } from '../base/independent-columns.js'
import { openFlow } from '../flows/flow.js'
import { bijectorsOf, learnedShapes } from '../flows/flow-parts.js'
import type { FlowState } from '../flows/flow-state.js'
import { openScorer, type Scorer } from '../scoring/scorer.js'
import { type BackendName, openBackend } from '../tensor/backend.js'
import type { Rows } from '../tensor/rows.js'
import { tensor, tensor2d, tidy } from '../tensor/tfjs.js'
import { adam } from '../training/adam.js'
import { trainableFlow } from '../training/trainable-flow.js'
import { type ParityFile, weightsOf } from './parity-file.js'

/** The largest error of an engine in one quantity. */
export interface ParityError {
  readonly engine: string
  readonly quantity: string
  /** max over all numbers of |ours − theirs| / max(1, |theirs|) */
  readonly largest: number
  /** How many numbers were compared. */
  readonly count: number
}

/** The largest error that passes. */
export const PARITY_LIMIT = 1e-5

/**
 * Compares ONNX Runtime with a parity file: latent, log-det and likelihoods.
 *
 * Rows are standardised in float64 and then rounded to float32, as an encoder does it; likelihoods are summed in float64.
 */
export async function compareScorer(file: ParityFile, flow: FlowState): Promise<readonly ParityError[]> {
  const scorer = await openScorer(flow)
  const errors = await compareLikelihoods(file, scorer)
  await scorer.close()
  return errors
}

/** Compares a TensorFlow.js backend with a parity file in all of its quantities. */
export async function compareBackend(
  file: ParityFile,
  flow: FlowState,
  backend: BackendName,
): Promise<readonly ParityError[]> {
  const reference = await openFlow(flow, backend)
  const { engine } = reference
  const errors = [...(await compareLikelihoods(file, reference))]
  const { mean, std } = file.standardise
  const latent = Float64Array.from(file.cases.flatMap(({ z }) => z))
  const inverse = Array.from(reference.inverse(latent, NO_CONTEXT, file.cases.length), (u, at) => {
    const column = at % file.D
    return u * std[column]! + mean[column]!
  })
  await reference.close()
  errors.push(
    errorOf(
      engine,
      'x_inverse',
      inverse,
      file.cases.flatMap(({ x_inverse }) => x_inverse),
    ),
  )
  errors.push(...(await compareTrace(file, flow, engine, backend)))
  if (file.loss !== undefined || file.gradients !== undefined) errors.push(...compareTraining(file, flow, engine))
  return errors
}

async function compareLikelihoods(file: ParityFile, scorer: Scorer): Promise<readonly ParityError[]> {
  const { D, cases } = file
  const rows = standardised(file)
  const { latent, logDet } = await scorer.forward(rows, NO_CONTEXT, cases.length)
  const nll = await scorer.nll(rows, NO_CONTEXT, cases.length)
  const logStd = file.standardise.std.reduce((total, std) => total + Math.log(std), 0)
  const base = cases.map((_, row) =>
    latent.subarray(row * D, (row + 1) * D).reduce((total, z) => total - 0.5 * z * z, -D * HALF_LOG_TWO_PI),
  )
  const error = (quantity: string, ours: ArrayLike<number>, theirs: readonly number[]) =>
    errorOf(scorer.engine, quantity, ours, theirs)
  return [
    error(
      'z',
      latent,
      cases.flatMap(({ z }) => z),
    ),
    error(
      'base',
      base,
      cases.map((each) => each.base),
    ),
    error(
      'log_det',
      logDet,
      cases.map(({ log_det }) => log_det),
    ),
    error(
      'log_likelihood',
      nll.map((value) => -value),
      cases.map(({ log_likelihood }) => log_likelihood),
    ),
    error(
      'log_likelihood_raw',
      nll.map((value) => -value - logStd),
      cases.map(({ log_likelihood_raw }) => log_likelihood_raw),
    ),
  ]
}

/** y and cumulative log-det after each actnorm and each coupling, for the cases that have them; outliers as `openFlow` computes them. */
async function compareTrace(
  file: ParityFile,
  flow: FlowState,
  engine: string,
  backend: BackendName,
): Promise<readonly ParityError[]> {
  const traced = file.cases.flatMap((each, row) =>
    each.trace === undefined ? [] : [{ row, outlier: each.outlier, trace: each.trace }],
  )
  if (traced.length === 0) return []
  await openBackend(backend)
  const rows = standardised(file)
  const ours = { y: [] as number[], logDet: [] as number[] }
  tidy(() => {
    const tensors = new Map<string, Tensor>()
    for (const name of learnedShapes(flow.spec).keys()) {
      const { data, shape } = flow.weights.get(name)!
      tensors.set(name, tensor(data, [...shape]))
    }
    const layers = bijectorsOf(flow.spec, tensors, flow.weights)
    for (const { row, outlier } of traced) {
      const start = rows.slice(row * file.D, (row + 1) * file.D)
      let y: Tensor2D = tensor2d(start, [1, file.D])
      let exact: Rows = { values: Float64Array.from(start), count: 1, width: file.D }
      let total = 0
      for (const layer of layers) {
        const coarse = layer.forwardAndLogDet(y)
        const fine = layer.forwardRows(exact)
        y = coarse.value
        exact = fine.value
        total += outlier ? fine.logDet[0]! : coarse.logDet.dataSync()[0]!
        ours.y.push(...(outlier ? exact.values : y.dataSync()))
        ours.logDet.push(total)
      }
    }
  })
  const stages = traced.flatMap(({ trace }) => trace)
  return [
    errorOf(
      engine,
      'trace y',
      ours.y,
      stages.flatMap(({ y }) => y),
    ),
    errorOf(
      engine,
      'trace log_det',
      ours.logDet,
      stages.map(({ log_det }) => log_det),
    ),
  ]
}

/** The loss over the cases that are not outliers, its gradients, and the first actnorm after one Adam step. */
function compareTraining(file: ParityFile, flow: FlowState, engine: string): readonly ParityError[] {
  const errors: ParityError[] = []
  const inside = file.cases.flatMap(({ outlier }, row) => (outlier ? [] : [row]))
  const all = standardised(file)
  const rows = Float32Array.from(inside.flatMap((row) => [...all.subarray(row * file.D, (row + 1) * file.D)]))
  const count = inside.length
  if (count === 0) return []
  const trainable = trainableFlow(flow)
  const { loss, gradient } = trainable.lossAndGradient({ rows, context: NO_CONTEXT, count }, (nll) =>
    new Float32Array(nll.length).fill(1 / count),
  )
  if (file.loss !== undefined) errors.push(errorOf(engine, 'loss', [loss], [file.loss]))
  if (file.gradients !== undefined) {
    const theirs = weightsOf(file.gradients)
    const ours = [...trainable.named(gradient)]
    const expected = ours.flatMap(([name]) => [...theirs.get(name)!.data])
    errors.push(
      errorOf(
        engine,
        'gradients',
        ours.flatMap(([, { data }]) => [...data]),
        expected,
      ),
    )
  }
  if (file.adam_step !== undefined) {
    adam(gradient.length, { beta1: 0.9, beta2: 0.999 })(trainable.parameters, gradient, 1e-3)
    const moved = trainable.named(trainable.parameters)
    const ours = ['bias', 'logScale'].flatMap((name) => [...moved.get(`layers.0.actnorm.${name}`)!.data])
    errors.push(errorOf(engine, 'adam_step', ours, [...file.adam_step.bias, ...file.adam_step.log_scale]))
  }
  return errors
}

/** [cases, D]; divided in float64, because a float32 quotient loses a digit for outliers. */
function standardised({ cases, standardise: { mean, std } }: ParityFile): Float32Array {
  return Float32Array.from(cases.flatMap(({ x }) => x.map((value, column) => (value - mean[column]!) / std[column]!)))
}

function errorOf(engine: string, quantity: string, ours: ArrayLike<number>, theirs: readonly number[]): ParityError {
  const largest = theirs.reduce((worst, their, at) => {
    const error = Math.abs(ours[at]! - their) / Math.max(1, Math.abs(their))
    return Math.max(error, worst)
  }, 0)
  return { engine, quantity, largest, count: theirs.length }
}

const NO_CONTEXT = new Float32Array(0)
