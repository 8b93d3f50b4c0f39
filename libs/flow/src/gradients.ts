import {
  Add,
  broadcast_util,
  broadcastTo,
  type GradConfig,
  Multiply,
  mul,
  neg,
  registerGradient,
  reshape,
  Square,
  Sub,
  Sum,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core'

/**
 * Registers the gradients of the operations that a likelihood is made of.
 *
 * tfjs-core's bundle for Node brings the operations and the tape, yet not one gradient: those ride in the layers package, whose
 * twenty megabytes hold nothing else of use here. Dense layers and bijectors bring their own (dense.ts, plain-kernel.ts).
 */
export function registerGradients(): void {
  for (const config of GRADIENTS) registerGradient(config)
}

const GRADIENTS: readonly GradConfig[] = [
  elementwise(Add, (dy) => [dy, dy]),
  elementwise(Sub, (dy) => [dy, () => neg(dy())]),
  elementwise(Multiply, (dy, a, b) => [() => mul(dy(), b), () => mul(dy(), a)]),
  {
    kernelName: Square,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => mul(dy as Tensor, mul(x!, 2)) }),
  },
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
