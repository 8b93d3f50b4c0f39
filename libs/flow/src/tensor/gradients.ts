import {
  Add,
  broadcast_util,
  broadcastTo,
  type GradConfig,
  Multiply,
  mul,
  registerGradient,
  reshape,
  Sum,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core'

/**
 * Registers tfjs gradients for the operations that the bijector laws use, so that the laws check our tape against tfjs's own.
 *
 * tfjs-core's bundle for Node has no gradients; they are in @tensorflow/tfjs-layers, 20 MB that nothing else here needs.
 */
export function registerGradients(): void {
  for (const config of GRADIENTS) registerGradient(config)
}

const GRADIENTS: readonly GradConfig[] = [
  elementwise(Add, (dy) => [dy, dy]),
  elementwise(Multiply, (dy, a, b) => [() => mul(dy(), b), () => mul(dy(), a)]),
  {
    kernelName: Sum,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attributes) => {
      const summed = [attributes.axis ?? [...x!.shape.keys()]].flat()
      const kept = x!.shape.map((size, axis) => (summed.includes(axis) ? 1 : size))
      return { x: () => broadcastTo(reshape(dy as Tensor, kept), x!.shape) }
    },
  },
]

/** The gradient of a binary operation with broadcasting: sums over the axes along which an operand was repeated. */
function elementwise(
  kernelName: string,
  parts: (dy: () => Tensor, a: Tensor, b: Tensor) => readonly [() => Tensor, () => Tensor],
): GradConfig {
  const unbroadcast = (gradient: Tensor, operand: Tensor) => {
    const repeated = broadcast_util.getReductionAxes(operand.shape, gradient.shape)
    return repeated.length === 0 ? gradient : reshape(sum(gradient, repeated), operand.shape)
  }
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => {
      const [byA, byB] = parts(() => dy as Tensor, a!, b!)
      return { a: () => unbroadcast(byA(), a!), b: () => unbroadcast(byB(), b!) }
    },
  }
}
