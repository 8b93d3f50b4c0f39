import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { HALF_LOG_TWO_PI } from '../base/standard-normal.js'
import { bijectorsOf, learnedShapes } from '../flows/flow-parts.js'
import type { FlowState } from '../flows/flow-state.js'
import { openScorer } from '../scoring/scorer.js'
import { type BackendName, openBackend } from '../tensor/backend.js'
import { tensorOf } from '../tensor/plain.js'
import type { Numbers, Rows } from '../tensor/rows.js'
import { core } from '../tensor/tfjs.js'
import { adam } from '../training/adam.js'
import { trainableFlow } from '../training/trainable-flow.js'
import { type ParityFile, weightsOf } from './parity-file.js'

/** The largest error of an engine in one quantity. */
export interface ParityError {
  readonly engine: string
  readonly quantity: string
  /** max over all numbers of |ours − theirs| / max(1, |theirs|) */
  readonly largest: number
  /** Number of compared numbers. */
  readonly count: number
}

/** The largest error that passes. */
export const PARITY_LIMIT = 1e-5

/** By quantity: the numbers of outflow, and those of the file. */
type Compared = Readonly<Record<string, readonly [ours: ArrayLike<number>, theirs: readonly number[]]>>

/**
 * Compares ONNX Runtime with a parity file: latent, log-det and likelihoods.
 *
 * Rows are standardised in float64 and then rounded to float32, as an encoder does it; likelihoods are summed in float64.
 */
export async function compareScorer(file: ParityFile, flow: FlowState): Promise<readonly ParityError[]> {
  const scorer = await openScorer(flow)
  const rows = standardised(file)
  const compared = likelihoods(file, { ...(await scorer.forward(rows)), nll: await scorer.nll(rows) })
  await scorer.close()
  return errorsOf(scorer.engine, compared)
}

/** Compares a TensorFlow.js backend with a parity file in all of its quantities; latents, likelihoods and the inverse are in float64. */
export async function compareBackend(
  file: ParityFile,
  flow: FlowState,
  backend: BackendName,
): Promise<readonly ParityError[]> {
  const { name, version } = await openBackend(backend)
  const trainable = trainableFlow(flow)
  const { mean, std } = file.standardise
  const { value } = trainable.inverse(Float64Array.from(file.cases.flatMap(({ z }) => z)))
  return errorsOf(`tfjs ${name} ${version}`, {
    ...likelihoods(file, trainable.exact({ rows: standardised(file) })),
    x_inverse: [
      Array.from(value, (u, at) => u * std[at % file.D]! + mean[at % file.D]!),
      file.cases.flatMap(({ x_inverse }) => x_inverse),
    ],
    ...traces(file, flow),
    ...training(file, flow),
  })
}

function likelihoods(
  { D, cases, standardise }: ParityFile,
  { latent, logDet, nll }: { readonly latent: Numbers; readonly logDet: Numbers; readonly nll: Float64Array },
): Compared {
  const logStd = standardise.std.reduce((total, std) => total + Math.log(std), 0)
  const base = cases.map((_, row) =>
    Array.from(latent.subarray(row * D, (row + 1) * D)).reduce((total, z) => total - 0.5 * z * z, -D * HALF_LOG_TWO_PI),
  )
  return {
    z: [latent, cases.flatMap(({ z }) => z)],
    base: [base, cases.map((each) => each.base)],
    log_det: [logDet, cases.map(({ log_det }) => log_det)],
    log_likelihood: [nll.map((value) => -value), cases.map(({ log_likelihood }) => log_likelihood)],
    log_likelihood_raw: [nll.map((value) => -value - logStd), cases.map((each) => each.log_likelihood_raw)],
  }
}

/** y and cumulative log-det after each actnorm and each coupling, for the cases that have them; outliers in float64. */
function traces(file: ParityFile, flow: FlowState): Compared {
  const traced = file.cases.flatMap((each, row) =>
    each.trace === undefined ? [] : [{ row, outlier: each.outlier, trace: each.trace }],
  )
  if (traced.length === 0) return {}
  const rows = standardised(file)
  const ours = { y: [] as number[], logDet: [] as number[] }
  core().tidy(() => {
    const tensors = new Map<string, Tensor>()
    for (const name of learnedShapes(flow.spec).keys()) {
      const { data: values, shape } = flow.weights.get(name)!
      tensors.set(name, tensorOf({ values, shape }))
    }
    const layers = bijectorsOf(flow.spec, tensors, flow.weights)
    for (const { row, outlier } of traced) {
      const start = rows.slice(row * file.D, (row + 1) * file.D)
      let y = tensorOf({ values: start, shape: [1, file.D] }) as Tensor2D
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
  return {
    'trace y': [ours.y, stages.flatMap(({ y }) => y)],
    'trace log_det': [ours.logDet, stages.map(({ log_det }) => log_det)],
  }
}

/** The loss over the cases that are not outliers, its gradients, and the first actnorm after one Adam step. */
function training(file: ParityFile, flow: FlowState): Compared {
  const { loss: theirLoss, gradients, adam_step } = file
  if (theirLoss === undefined && gradients === undefined) return {}
  const inside = file.cases.flatMap(({ outlier }, row) => (outlier ? [] : [row]))
  const all = standardised(file)
  const rows = Float32Array.from(inside.flatMap((row) => [...all.subarray(row * file.D, (row + 1) * file.D)]))
  const count = inside.length
  if (count === 0) return {}
  const trainable = trainableFlow(flow)
  const { loss, gradient } = trainable.lossAndGradient({ rows }, () => new Float32Array(count).fill(1 / count))
  const compared: Record<string, Compared[string]> = {}
  if (theirLoss !== undefined) compared.loss = [[loss], [theirLoss]]
  if (gradients !== undefined) {
    const theirs = weightsOf(gradients)
    const ours = [...trainable.named(gradient)]
    const expected = ours.flatMap(([name]) => [...theirs.get(name)!.data])
    compared.gradients = [ours.flatMap(([, { data }]) => [...data]), expected]
  }
  if (adam_step !== undefined) {
    adam(gradient.length, 0.999)(trainable.parameters, gradient, 1e-3)
    const moved = trainable.named(trainable.parameters)
    const ours = ['bias', 'logScale'].flatMap((name) => [...moved.get(`layers.0.actnorm.${name}`)!.data])
    compared.adam_step = [ours, [...adam_step.bias, ...adam_step.log_scale]]
  }
  return compared
}

/** [cases, D]; divided in float64, because a float32 quotient loses a digit for outliers. */
function standardised({ cases, standardise: { mean, std } }: ParityFile): Float32Array {
  return Float32Array.from(cases.flatMap(({ x }) => x.map((value, column) => (value - mean[column]!) / std[column]!)))
}

function errorsOf(engine: string, compared: Compared): readonly ParityError[] {
  return Object.entries(compared).map(([quantity, [ours, theirs]]) => ({
    engine,
    quantity,
    count: theirs.length,
    largest: theirs.reduce(
      (worst, their, at) => Math.max(worst, Math.abs(ours[at]! - their) / Math.max(1, Math.abs(their))),
      0,
    ),
  }))
}
