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
 * Registers the gradients of the operations by which the laws of a bijector sum up what comes out of it: they go back by tfjs's
 * own tape, as a check on ours.
 *
 * tfjs-core's bundle for Node brings the operations and the tape, yet not one gradient: those ride in the layers package, whose
 * twenty megabytes hold nothing else of use here.
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

/** A gradient of two broadcast operands: what one of them was repeated over is summed up again. */
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
