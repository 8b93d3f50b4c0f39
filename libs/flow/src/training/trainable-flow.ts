import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { nllOf } from '../base/base-distribution.js'
import { baseOf } from '../base/bases.js'
import { chain } from '../bijectors/chain.js'
import { bijectorsOf, fixedShapes, learnedShapes } from '../flows/flow-parts.js'
import type { FlowState, WeightTensor } from '../flows/flow-state.js'
import { sizeOf, tensorOf } from '../tensor/plain.js'
import type { Rows } from '../tensor/rows.js'
import { scratch } from '../tensor/scratch.js'
import { record } from '../tensor/tape.js'
import { tidyNumbers } from '../tensor/tfjs.js'

/** A batch of rows. */
export interface Batch {
  /** [count, dim] */
  readonly rows: Float32Array
  /** [count, contextDim]. Default: empty, for an unconditional flow. */
  readonly context?: Float32Array
}

/** A flow whose learned weights are one flat array, for an optimiser to update. */
export type TrainableFlow = ReturnType<typeof trainableFlow>

/** Makes a flow trainable on the open backend. Every call is one `tidy`; no tensor outlives it. */
export function trainableFlow(start: FlowState) {
  const { spec } = start
  const base = baseOf(start)
  const slots = slotsOf(learnedShapes(spec))
  const fixed = [...fixedShapes(spec).keys()].map((name) => [name, start.weights.get(name)!] as const)
  const parameters = new Float32Array(slots.at(-1)!.end)
  for (const { name, from } of slots) parameters.set(start.weights.get(name)!.data, from)

  /** Splits a flat array (parameters or gradient) into named weights; copies. */
  const named = (flat: Float32Array): ReadonlyMap<string, WeightTensor> =>
    new Map(slots.map(({ name, shape, from, end }) => [name, { shape, data: flat.slice(from, end) }]))
  const tensors = () => slots.map(({ from, end, shape }) => tensorOf({ values: parameters.subarray(from, end), shape }))
  const bijectorOf = (weights: readonly Tensor[]) => {
    const byName = new Map(slots.map(({ name }, index) => [name, weights[index]!]))
    return chain(bijectorsOf(spec, byName, start.weights))
  }
  const countOf = ({ rows }: Batch) => rows.length / spec.dim
  const rowsOf = (batch: Batch) => tensorOf({ values: batch.rows, shape: [countOf(batch), spec.dim] }) as Tensor2D
  const contextOf = (batch: Batch) =>
    spec.contextDim > 0
      ? (tensorOf({ values: batch.context!, shape: [countOf(batch), spec.contextDim] }) as Tensor2D)
      : undefined
  const forward = (batch: Batch, weights: readonly Tensor[], x = rowsOf(batch)) =>
    bijectorOf(weights).forwardAndLogDet(x, contextOf(batch))
  const flatten = (gradients: readonly Float32Array[]) => {
    const flat = new Float32Array(parameters.length)
    gradients.forEach((each, index) => {
      flat.set(each, slots[index]!.from)
    })
    return flat
  }
  const reusing = scratch()
  return {
    /** All learned weights, in the order of `learnedShapes`; writing to it changes the flow. */
    parameters,
    /**
     * loss = Σᵢ wᵢ·nllᵢ and its gradient by every parameter.
     *
     * @param weigh  from the nll of each row [count] to its weight w [count]; called once, before the gradient is taken
     */
    lossAndGradient: (batch: Batch, weigh: (nll: Float32Array) => Float32Array) => {
      const step = () => {
        const weights = tensors()
        const { result, pullBack } = record(() => forward(batch, weights))
        const latent = result.value.dataSync<'float32'>()
        const nll = nllOf(base, latent, result.logDet.dataSync<'float32'>())
        const shares = weigh(Float32Array.from(nll))
        const loss = nll.reduce((sum, nats, row) => sum + shares[row]! * nats, 0)
        const pulls = [
          [result.value, perRow(base.slope(latent), shares)],
          [result.logDet, shares.map((share) => -share)],
        ] as const
        return { loss, gradient: flatten(pullBack(pulls, weights)) }
      }
      return reusing(() => tidyNumbers(step))
    },
    /** z of each row, [count, dim]. */
    latent: (batch: Batch) => tidyNumbers(() => forward(batch, tensors()).value.dataSync<'float32'>().slice()),
    /** Negative log-likelihood of each row, [count] in nats. */
    nll: (batch: Batch) =>
      tidyNumbers(() => {
        const { value, logDet } = forward(batch, tensors())
        return Float32Array.from(nllOf(base, value.dataSync<'float32'>(), logDet.dataSync<'float32'>()))
      }),
    /** z [count, dim], log|det ∂z/∂x| and the negative log-likelihood, [count] in nats each, in float64. */
    exact: (batch: Batch) =>
      tidyNumbers(() => {
        const x = exactRows(batch.rows, countOf(batch), spec.dim)!
        const context = exactRows(batch.context, countOf(batch), spec.contextDim)
        const { value, logDet } = bijectorOf(tensors()).forwardRows(x, context)
        return { latent: value.values, logDet, nll: nllOf(base, value.values, logDet) }
      }),
    /**
     * Inverse of latent rows [count, dim], in float64.
     *
     * @param context  [count, contextDim]. Default: empty, for an unconditional flow.
     * @returns x [count, dim], and log|det ∂x/∂z| [count] in nats
     */
    inverse: (latent: Float64Array, context?: Float32Array) =>
      tidyNumbers(() => {
        const z = { values: latent, count: latent.length / spec.dim, width: spec.dim }
        const given = exactRows(context, z.count, spec.contextDim)
        const { value, logDet } = bijectorOf(tensors()).inverseAndLogDet(z, given)
        return { value: value.values, logDet }
      }),
    /** Derivatives of the forward map at each row: ∂z/∂x, [count, dim of z, dim of x], and ∂logDet/∂x, [count, dim]. */
    rowGradients: (batch: Batch) =>
      tidyNumbers(() => {
        const { dim } = spec
        const count = countOf(batch)
        const x = rowsOf(batch)
        const { result, pullBack } = record(() => forward(batch, tensors(), x))
        const [ofLogDet] = pullBack([[result.logDet, new Float32Array(count).fill(1)]], [x])
        const jacobian = new Float32Array(count * dim * dim)
        for (let column = 0; column < dim; column++) {
          const pick = Float32Array.from({ length: count * dim }, (_, at) => (at % dim === column ? 1 : 0))
          const [slopes] = pullBack([[result.value, pick]], [x])
          for (let row = 0; row < count; row++) {
            jacobian.set(slopes!.subarray(row * dim, (row + 1) * dim), (row * dim + column) * dim)
          }
        }
        return { jacobian, ofLogDet: ofLogDet! }
      }),
    /** The gradient of Σ pull⊙z by every parameter; pull is [count, dim]. */
    latentGradient: (batch: Batch, pull: Float32Array) =>
      tidyNumbers(() => {
        const weights = tensors()
        const { result, pullBack } = record(() => forward(batch, weights))
        return flatten(pullBack([[result.value, pull]], weights))
      }),
    named,
    /** A copy of the current flow. */
    snapshot: (): FlowState => ({ spec, weights: new Map([...fixed, ...named(parameters)]) }),
  }
}

/** A matrix in float64; undefined for one without columns. */
function exactRows(matrix: Float32Array | undefined, count: number, width: number): Rows | undefined {
  return width > 0 ? { values: Float64Array.from(matrix!), count, width } : undefined
}

/** Multiplies each row of a matrix [count, width] by its factor [count]. */
function perRow(matrix: Float64Array, factors: Float32Array): Float32Array {
  const width = matrix.length / factors.length
  const product = new Float32Array(matrix.length)
  for (let row = 0, at = 0; row < factors.length; row++) {
    for (const end = at + width; at < end; at++) product[at] = factors[row]! * matrix[at]!
  }
  return product
}

interface Slot {
  readonly name: string
  readonly shape: readonly number[]
  readonly from: number
  readonly end: number
}

function slotsOf(shapes: ReadonlyMap<string, readonly number[]>): readonly Slot[] {
  const slots: Slot[] = []
  for (const [name, shape] of shapes) {
    const from = slots.at(-1)?.end ?? 0
    slots.push({ name, shape, from, end: from + sizeOf(shape) })
  }
  return slots
}
