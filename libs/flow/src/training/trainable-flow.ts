import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { nllOf } from '../base/base-distribution.js'
import { baseOf } from '../base/bases.js'
import { chain } from '../bijectors/chain.js'
import { bijectorsOf, fixedShapes, learnedShapes } from '../flows/flow-parts.js'
import type { FlowSpec, FlowState, WeightTensor } from '../flows/flow-state.js'
import { sizeOf, tensorOf } from '../tensor/plain.js'
import { scratch } from '../tensor/scratch.js'
import { record } from '../tensor/tape.js'
import { tidy } from '../tensor/tfjs.js'

/** A batch of rows. */
export interface Batch {
  /** [count, dim] */
  readonly rows: Float32Array
  /** [count, contextDim] */
  readonly context: Float32Array
  readonly count: number
}

/** A flow whose learned weights are one flat array, for an optimiser to update. */
export interface TrainableFlow {
  /** All learned weights, in the order of `learnedShapes`; writing to it changes the flow. */
  readonly parameters: Float32Array
  /**
   * loss = Σᵢ wᵢ·nllᵢ and its gradient by every parameter.
   *
   * @param weigh  from the nll of each row [count] to its weight w [count]; called once, before the gradient is taken
   */
  lossAndGradient(batch: Batch, weigh: (nll: Float32Array) => Float32Array): { loss: number; gradient: Float32Array }
  /** z of each row, [count, dim]. */
  latent(batch: Batch): Float32Array
  /** Negative log-likelihood of each row, [count] in nats. */
  nll(batch: Batch): Float32Array
  /**
   * Inverse of latent rows [count, dim], in float64.
   *
   * @returns x [count, dim], and log|det ∂x/∂z| [count] in nats
   */
  inverse(latent: Float64Array): { value: Float64Array; logDet: Float64Array }
  /** Derivatives of the forward map at each row: ∂z/∂x, [count, dim of z, dim of x], and ∂logDet/∂x, [count, dim]. */
  rowGradients(batch: Batch): { jacobian: Float32Array; ofLogDet: Float32Array }
  /** The gradient of Σ pull⊙z by every parameter; pull is [count, dim]. */
  latentGradient(batch: Batch, pull: Float32Array): Float32Array
  /** Splits a flat array (parameters or gradient) into named weights; copies. */
  named(flat: Float32Array): ReadonlyMap<string, WeightTensor>
  /** A copy of the current flow. */
  snapshot(): FlowState
}

/** Makes a flow trainable on the open backend. Every call is one `tidy`; no tensor outlives it. */
export function trainableFlow(start: FlowState): TrainableFlow {
  const { spec } = start
  const base = baseOf(start)
  const slots = slotsOf(learnedShapes(spec))
  const fixed = [...fixedShapes(spec).keys()].map((name) => [name, start.weights.get(name)!] as const)
  const parameters = new Float32Array(slots.at(-1)!.end)
  for (const { name, from } of slots) parameters.set(start.weights.get(name)!.data, from)

  const named = (flat: Float32Array) =>
    new Map(slots.map(({ name, shape, from, end }) => [name, { shape, data: flat.slice(from, end) }]))
  const tensors = () => slots.map(({ from, end, shape }) => tensorOf({ values: parameters.subarray(from, end), shape }))
  const bijectorOf = (weights: readonly Tensor[]) => {
    const byName = new Map(slots.map(({ name }, index) => [name, weights[index]!]))
    return chain(bijectorsOf(spec, byName, start.weights))
  }
  const rowsOf = ({ rows, count }: Batch) => tensorOf({ values: rows, shape: [count, spec.dim] }) as Tensor2D
  const contextOf = ({ context, count }: Batch) =>
    spec.contextDim > 0 ? (tensorOf({ values: context, shape: [count, spec.contextDim] }) as Tensor2D) : undefined
  const flatten = (gradients: readonly Float32Array[]) => {
    const flat = new Float32Array(parameters.length)
    gradients.forEach((each, index) => {
      flat.set(each, slots[index]!.from)
    })
    return flat
  }
  const reusing = scratch()
  return {
    parameters,
    lossAndGradient: (batch, weigh) => {
      let gradient = new Float32Array(0)
      let loss = 0
      const step = () => {
        const weights = tensors()
        const { result, pullBack } = record(() => bijectorOf(weights).forwardAndLogDet(rowsOf(batch), contextOf(batch)))
        const latent = result.value.dataSync<'float32'>()
        const nll = nllOf(base, latent, result.logDet.dataSync<'float32'>())
        const shares = weigh(Float32Array.from(nll))
        nll.forEach((nats, row) => {
          loss += shares[row]! * nats
        })
        const pulls = [
          [result.value, perRow(base.slope(latent), shares)],
          [result.logDet, shares.map((share) => -share)],
        ] as const
        gradient = flatten(pullBack(pulls, weights))
      }
      reusing(() => tidy(step))
      return { loss, gradient }
    },
    latent: (batch) => {
      let latent = new Float32Array(0)
      tidy(() => {
        const { value } = bijectorOf(tensors()).forwardAndLogDet(rowsOf(batch), contextOf(batch))
        latent = value.dataSync<'float32'>().slice()
      })
      return latent
    },
    nll: (batch) => {
      let nll = new Float32Array(0)
      tidy(() => {
        const { value, logDet } = bijectorOf(tensors()).forwardAndLogDet(rowsOf(batch), contextOf(batch))
        nll = Float32Array.from(nllOf(base, value.dataSync<'float32'>(), logDet.dataSync<'float32'>()))
      })
      return nll
    },
    inverse: (latent) => {
      let found: { value: Float64Array; logDet: Float64Array } | undefined
      tidy(() => {
        const count = latent.length / spec.dim
        const { value, logDet } = bijectorOf(tensors()).inverseAndLogDet({ values: latent, count, width: spec.dim })
        found = { value: value.values, logDet }
      })
      return found!
    },
    rowGradients: (batch) => {
      const { dim } = spec
      const jacobian = new Float32Array(batch.count * dim * dim)
      const ofLogDet = new Float32Array(batch.count * dim)
      // Each row is repeated dim + 1 times: copy j yields the gradient of z_j, the last one that of the log-det, in one pass.
      const copies = repeated(batch, spec)
      tidy(() => {
        const pick = Float32Array.from(identityBesideZero(batch.count, dim))
        const isLast = Float32Array.from({ length: copies.count }, (_, at) => (at % (dim + 1) === dim ? 1 : 0))
        const x = rowsOf(copies)
        const { result, pullBack } = record(() => bijectorOf(tensors()).forwardAndLogDet(x, contextOf(copies)))
        const pulls = [
          [result.value, pick],
          [result.logDet, isLast],
        ] as const
        const [slopes] = pullBack(pulls, [x]) as [Float32Array]
        for (let row = 0; row < batch.count; row++) {
          const from = row * (dim + 1) * dim
          jacobian.set(slopes.subarray(from, from + dim * dim), row * dim * dim)
          ofLogDet.set(slopes.subarray(from + dim * dim, from + (dim + 1) * dim), row * dim)
        }
      })
      return { jacobian, ofLogDet }
    },
    latentGradient: (batch, pull) => {
      let gradient = new Float32Array(0)
      tidy(() => {
        const weights = tensors()
        const { result, pullBack } = record(() => bijectorOf(weights).forwardAndLogDet(rowsOf(batch), contextOf(batch)))
        gradient = flatten(pullBack([[result.value, pull]], weights))
      })
      return gradient
    },
    named,
    snapshot: () => ({ spec, weights: new Map([...fixed, ...named(parameters)]) }),
  }
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

/** Repeats each row and its context dim + 1 times. */
function repeated({ rows, context, count }: Batch, { dim, contextDim }: FlowSpec): Batch {
  const times = dim + 1
  const copied = (matrix: Float32Array, width: number) =>
    Float32Array.from({ length: count * times * width }, (_, at) => {
      const row = Math.floor(at / (times * width))
      return matrix[row * width + (at % width)]!
    })
  return { rows: copied(rows, dim), context: copied(context, contextDim), count: count * times }
}

/** [count·(dim + 1), dim]: for each row the identity, and a row of zeros below it */
function identityBesideZero(count: number, dim: number): readonly number[] {
  const own = Array.from({ length: (dim + 1) * dim }, (_, at) => (Math.floor(at / dim) === at % dim ? 1 : 0))
  return Array.from({ length: count }, () => own).flat()
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
