import {
  add,
  grad,
  grads,
  mul,
  sum,
  type Tensor,
  type Tensor2D,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core'
import { baseOf } from './base-distribution.js'
import { chain } from './chain.js'
import { negativeLogLikelihood } from './flow.js'
import { bijectorsOf, fixedShapes, learnedShapes, sizeOf } from './flow-parts.js'
import type { FlowSpec, FlowState, WeightTensor } from './flow-state.js'
import { registerGradients } from './gradients.js'

/** A batch of rows as the tensors of a step are made from it. */
export interface Batch {
  /** [count, dim] */
  readonly rows: Float32Array
  /** [count, contextDim] */
  readonly context: Float32Array
  readonly count: number
}

/** A flow whose learned weights lie in one flat array, for an optimiser to move. */
export interface TrainableFlow {
  /** All learned weights, in the order of `learnedShapes`; writing here moves the flow. */
  readonly parameters: Float32Array
  /**
   * loss = Σᵢ wᵢ·nllᵢ and its gradient by every parameter.
   *
   * @param weigh  from the nll of each row [count] to its weight w [count]; called once, before the gradient is taken
   */
  lossAndGradient(batch: Batch, weigh: (nll: Float32Array) => Float32Array): { loss: number; gradient: Float32Array }
  /** Negative log-likelihood of each row, [count] in nats. */
  nll(batch: Batch): Float32Array
  /**
   * The way back of latent rows [count, dim], in float64.
   *
   * @returns x [count, dim], and log|det ∂x/∂z| [count] in nats
   */
  inverse(latent: Float64Array): { value: Float64Array; logDet: Float64Array }
  /** How the way forward of each row changes with it: ∂z/∂x, [count, dim of z, dim of x], and ∂logDet/∂x, [count, dim]. */
  rowGradients(batch: Batch): { jacobian: Float32Array; ofLogDet: Float32Array }
  /** The gradient of Σ pull⊙z by every parameter; pull is [count, dim]. */
  latentGradient(batch: Batch, pull: Float32Array): Float32Array
  /** A copy of a flat array, parameters or gradient, as the weights it consists of. */
  named(flat: Float32Array): ReadonlyMap<string, WeightTensor>
  /** A copy of the flow as it stands. */
  snapshot(): FlowState
}

/** Makes a flow trainable on the backend that is open; every call is one `tidy`, and no tensor outlives it. */
export function trainableFlow(start: FlowState): TrainableFlow {
  registerGradients()
  const { spec } = start
  const base = baseOf(spec)
  const slots = slotsOf(learnedShapes(spec))
  const fixed = [...fixedShapes(spec).keys()].map((name) => [name, start.weights.get(name)!] as const)
  const parameters = new Float32Array(slots.at(-1)!.end)
  for (const { name, from } of slots) parameters.set(start.weights.get(name)!.data, from)

  const named = (flat: Float32Array) =>
    new Map(slots.map(({ name, shape, from, end }) => [name, { shape, data: flat.slice(from, end) }]))
  const tensors = () => slots.map(({ from, end, shape }) => tensor(parameters.subarray(from, end), [...shape]))
  const bijectorOf = (weights: readonly Tensor[]) => {
    const byName = new Map(slots.map(({ name }, index) => [name, weights[index]!]))
    return chain(bijectorsOf(spec, byName, start.weights))
  }
  const rowsOf = (batch: Batch) => tensor2d(batch.rows, [batch.count, spec.dim])
  const contextOf = (batch: Batch) =>
    spec.contextDim > 0 ? tensor2d(batch.context, [batch.count, spec.contextDim]) : undefined
  const nllTensor = (batch: Batch, weights: readonly Tensor[]) =>
    negativeLogLikelihood(base, bijectorOf(weights), rowsOf(batch), contextOf(batch))
  const flatten = (gradients: readonly Tensor[]) => {
    const flat = new Float32Array(parameters.length)
    gradients.forEach((each, index) => {
      flat.set(each.dataSync<'float32'>(), slots[index]!.from)
    })
    return flat
  }
  return {
    parameters,
    lossAndGradient: (batch, weigh) => {
      let gradient = new Float32Array(0)
      let loss = Number.NaN
      // Nothing is returned through tidy: it would walk a returned array element by element, looking for tensors.
      tidy(() => {
        const { value, grads } = valueAndGrads((...weights: Tensor[]) => {
          const nll = nllTensor(batch, weights)
          return sum(mul(nll, tensor1d(weigh(nll.dataSync<'float32'>()))))
        })(tensors())
        gradient = flatten(grads)
        loss = value.dataSync()[0]!
      })
      return { loss, gradient }
    },
    nll: (batch) => tidy(() => nllTensor(batch, tensors()).dataSync<'float32'>().slice()),
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
      // Every row stands dim + 1 times: each copy is asked for one of its z, the last for its log-det, all in one gradient.
      const copies = repeated(batch, spec)
      tidy(() => {
        const pick = tensor2d(Float32Array.from(identityBesideZero(batch.count, dim)), [copies.count, dim])
        const isLast = tensor1d(
          Float32Array.from({ length: copies.count }, (_, at) => (at % (dim + 1) === dim ? 1 : 0)),
        )
        const bijector = bijectorOf(tensors())
        const context = contextOf(copies)
        const slopes = grad((x) => {
          const { value, logDet } = bijector.forwardAndLogDet(x as Tensor2D, context)
          return add(sum(mul(value, pick)), sum(mul(logDet, isLast)))
        })(rowsOf(copies)).dataSync<'float32'>()
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
        const pulled = grads((...weights: Tensor[]) => {
          const { value } = bijectorOf(weights).forwardAndLogDet(rowsOf(batch), contextOf(batch))
          return sum(mul(value, tensor2d(pull, [batch.count, spec.dim])))
        })(tensors())
        gradient = flatten(pulled)
      })
      return gradient
    },
    named,
    snapshot: () => ({ spec, weights: new Map([...fixed, ...named(parameters)]) }),
  }
}

/** Each row and its context dim + 1 times, one after another. */
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
