import {
  Add,
  broadcast_util,
  broadcastTo,
  Concat,
  concat,
  Exp,
  type GradConfig,
  Multiply,
  mul,
  Neg,
  neg,
  Reshape,
  registerGradient,
  reshape,
  SplitV,
  Square,
  Sub,
  Sum,
  split,
  sub,
  sum,
  Tanh,
  type Tensor,
} from '@tensorflow/tfjs-core'

/**
 * Registers the gradients of the operations that bijectors are made of.
 *
 * tfjs-core's bundle for Node brings the operations and the tape, yet not one gradient: those ride in the layers package, whose
 * twenty megabytes hold nothing else of use here. The dense layer has its own gradient (dense.ts).
 */
export function registerGradients(): void {
  for (const config of GRADIENTS) registerGradient(config)
}

const GRADIENTS: readonly GradConfig[] = [
  elementwise(Add, (dy) => [dy, dy]),
  elementwise(Sub, (dy) => [dy, () => neg(dy())]),
  elementwise(Multiply, (dy, a, b) => [() => mul(dy(), b), () => mul(dy(), a)]),
  { kernelName: Neg, gradFunc: (dy) => ({ x: () => neg(one(dy)) }) },
  { kernelName: Exp, outputsToSave: [true], gradFunc: (dy, [y]) => ({ x: () => mul(one(dy), y!) }) },
  {
    kernelName: Tanh,
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => mul(one(dy), sub(1, mul(y!, y!))) }),
  },
  {
    kernelName: Square,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => mul(one(dy), mul(x!, 2)) }),
  },
  {
    kernelName: Sum,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attributes) => {
      const summed = [attributes.axis ?? [...x!.shape.keys()]].flat()
      const kept = x!.shape.map((size, axis) => (summed.includes(axis) ? 1 : size))
      return { x: () => broadcastTo(reshape(one(dy), kept), x!.shape) }
    },
  },
  {
    kernelName: Reshape,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => reshape(one(dy), x!.shape) }),
  },
  {
    kernelName: Concat,
    saveAllInputs: true,
    gradFunc: (dy, parts, attributes) => {
      const axis = attributes.axis as number
      const lengths = parts.map((part) => part.shape[axis]!)
      const slices = split(one(dy), lengths, axis)
      return Object.fromEntries(slices.map((slice, index) => [String(index), () => slice]))
    },
  },
  {
    kernelName: SplitV,
    gradFunc: (dy, _saved, attributes) => ({ x: () => concat(dy as Tensor[], attributes.axis as number) }),
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
      const [byA, byB] = parts(() => one(dy), a!, b!)
      return { a: () => unbroadcast(byA(), a!), b: () => unbroadcast(byB(), b!) }
    },
  }
}

/** The gradient by an operation's only output. */
const one = (dy: Tensor | Tensor[]): Tensor => dy as Tensor
