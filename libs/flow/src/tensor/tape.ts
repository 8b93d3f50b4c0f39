import type { Tensor } from '@tensorflow/tfjs-core'
import { plainOf, tensorOf } from './plain.js'
import { zeroed } from './scratch.js'
import { core } from './tfjs.js'

/** An operation with its gradient; both may share variables of a closure. */
interface Operation {
  /** Returns the outputs. Any other tensor that it makes is kept for the gradient; without a tape it is freed. */
  forward(): Tensor[]
  /** Maps the gradients of the outputs to those of the inputs, in order; each is computed on demand. */
  backward(slopes: readonly Tensor[]): readonly (() => Tensor)[]
}

/** Runs an operation and records it on the open tape, if there is one. */
export function differentiable(inputs: readonly Tensor[], operation: Operation): Tensor[] {
  const { forward, backward } = operation
  if (open === undefined) return core().tidy(forward)
  const outputs = forward()
  open.push({ inputs, outputs, backward })
  return outputs
}

/**
 * Runs a function and records its operations. Call it within a `tidy`.
 *
 * tfjs's own tape takes a third of a training step: it clones what it saves, opens a scope per gradient and launches a kernel
 * per addition. Here tensors are freed by the surrounding tidy, and gradients are added in JavaScript.
 */
export function record<Result>(run: () => Result) {
  const tape: TapeEntry[] = []
  open = tape
  try {
    const result = run()
    return { result, pullBack: (pulls: Pulls, by: readonly Tensor[]) => pullBack(tape, pulls, by) }
  } finally {
    open = undefined
  }
}

interface TapeEntry extends Pick<Operation, 'backward'> {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

let open: TapeEntry[] | undefined

/** Outputs of a run, each with its cotangent, of the same size. */
type Pulls = readonly (readonly [Tensor, Float32Array])[]

/** The gradient of Σ pull·output by inputs of the run, each of the size of its input. */
function pullBack(tape: readonly TapeEntry[], pulls: Pulls, by: readonly Tensor[]): readonly Float32Array[] {
  const needed = new Set(by)
  for (const { inputs, outputs } of tape) {
    if (inputs.some((input) => needed.has(input))) for (const output of outputs) needed.add(output)
  }
  const slopes = new Map<Tensor, Tensor>()
  for (const [output, values] of pulls) slopes.set(output, tensorOf({ values, shape: output.shape }))
  for (const { inputs, outputs, backward } of tape.toReversed()) {
    const isNeeded = inputs.some((input) => needed.has(input)) && outputs.some((output) => slopes.has(output))
    if (!isNeeded) continue
    core().tidy(() => {
      const own = outputs.map((output) => slopes.get(output) ?? zerosLike(output))
      const gradients = backward(own)
      return inputs.flatMap((input, index) => {
        if (!needed.has(input)) return []
        const slope = gradients[index]!()
        const other = slopes.get(input)
        const total = other === undefined ? slope : sumOf(other, slope)
        slopes.set(input, total)
        return total
      })
    })
  }
  return by.map((tensor) => plainOf(slopes.get(tensor) ?? zerosLike(tensor)).values)
}

function zerosLike({ size, shape }: Tensor): Tensor {
  return tensorOf({ values: zeroed(size), shape })
}

function sumOf(a: Tensor, b: Tensor): Tensor {
  const [one, other] = [plainOf(a).values, plainOf(b).values]
  const values = zeroed(a.size)
  for (let at = 0; at < values.length; at++) values[at] = one[at]! + other[at]!
  return tensorOf({ values, shape: a.shape })
}
