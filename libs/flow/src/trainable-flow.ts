import { mul, sum, type Tensor, tensor, tensor1d, tensor2d, tidy, valueAndGrads } from '@tensorflow/tfjs-core'
import { chain } from './chain.js'
import { negativeLogLikelihood } from './flow.js'
import { bijectorsOf, fixedShapes, learnedShapes, sizeOf } from './flow-parts.js'
import type { FlowState, WeightTensor } from './flow-state.js'
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
  /** A copy of a flat array, parameters or gradient, as the weights it consists of. */
  named(flat: Float32Array): ReadonlyMap<string, WeightTensor>
  /** A copy of the flow as it stands. */
  snapshot(): FlowState
}

/** Makes a flow trainable on the backend that is open; every call is one `tidy`, and no tensor outlives it. */
export function trainableFlow(start: FlowState): TrainableFlow {
  registerGradients()
  const { spec } = start
  const slots = slotsOf(learnedShapes(spec))
  const fixed = [...fixedShapes(spec).keys()].map((name) => [name, start.weights.get(name)!] as const)
  const parameters = new Float32Array(slots.at(-1)!.end)
  for (const { name, from } of slots) parameters.set(start.weights.get(name)!.data, from)

  const named = (flat: Float32Array) =>
    new Map(slots.map(({ name, shape, from, end }) => [name, { shape, data: flat.slice(from, end) }]))
  const tensors = () => slots.map(({ from, end, shape }) => tensor(parameters.subarray(from, end), [...shape]))
  const nllTensor = (batch: Batch, weights: readonly Tensor[]) => {
    const byName = new Map(slots.map(({ name }, index) => [name, weights[index]!]))
    const x = tensor2d(batch.rows, [batch.count, spec.dim])
    const context = spec.contextDim > 0 ? tensor2d(batch.context, [batch.count, spec.contextDim]) : undefined
    return negativeLogLikelihood(chain(bijectorsOf(spec, byName, start.weights)), x, context)
  }
  return {
    parameters,
    lossAndGradient: (batch, weigh) => {
      const gradient = new Float32Array(parameters.length)
      let loss = Number.NaN
      // Nothing is returned through tidy: it would walk a returned array element by element, looking for tensors.
      tidy(() => {
        const { value, grads } = valueAndGrads((...weights: Tensor[]) => {
          const nll = nllTensor(batch, weights)
          return sum(mul(nll, tensor1d(weigh(nll.dataSync<'float32'>()))))
        })(tensors())
        grads.forEach((grad, index) => {
          gradient.set(grad.dataSync<'float32'>(), slots[index]!.from)
        })
        loss = value.dataSync()[0]!
      })
      return { loss, gradient }
    },
    nll: (batch) => tidy(() => nllTensor(batch, tensors()).dataSync<'float32'>().slice()),
    named,
    snapshot: () => ({ spec, weights: new Map([...fixed, ...named(parameters)]) }),
  }
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
