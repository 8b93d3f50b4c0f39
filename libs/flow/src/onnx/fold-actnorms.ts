import { maskOf } from '../bijectors/conditioner/mask.js'
import type { FlowState, RealNvpSpec } from '../flows/flow-state.js'

/**
 * The same density with a single actnorm, the first: the others are folded into the conditioners' weights, which saves their
 * ONNX nodes.
 *
 * From the last layer to the first, the affine map a⊙x + c after a coupling is moved in front of it:
 *
 *     moved:  a·(x·eˢ + t) + c = (a·x)·eˢ + (a·t + c)     the shift absorbs a and c, the feature is multiplied by a
 *     held:   the feature absorbs a and c; the conditioner, whose input is now x' = a·x + c, has weights for (x' − c)/a
 *
 * The log-scales add up in the first actnorm, so the log-det does not change.
 *
 * @returns weights rounded to float32 a second time; use it for float32 graphs only
 */
export function foldActnorms({ spec, weights }: FlowState, { dim, layers, hidden }: RealNvpSpec): FlowState {
  const edited = new Map<string, Float64Array>()
  const edit = (name: string): Float64Array => {
    const numbers = edited.get(name) ?? new Float64Array(weights.get(name)!.data)
    edited.set(name, numbers)
    return numbers
  }
  const logScale = new Float64Array(dim)
  const shift = new Float64Array(dim)
  for (let layer = layers - 1; layer >= 0; layer--) {
    const conditioner = `layers.${layer}.conditioner`
    const [first, last] = [0, hidden.length].map((index) => ({
      weight: edit(`${conditioner}.${index}.weight`),
      bias: edit(`${conditioner}.${index}.bias`),
    })) as [Dense, Dense]
    maskOf(weights, layer).forEach((isHeld, feature) => {
      if (isHeld) foldIntoInput(first, feature, Math.exp(logScale[feature]!), shift[feature]!)
    })
    maskOf(weights, layer).forEach((isHeld, feature) => {
      if (isHeld) return
      foldIntoOutput(last, dim + feature, Math.exp(logScale[feature]!), shift[feature]!)
      shift[feature] = 0
    })
    const bias = edit(`layers.${layer}.actnorm.bias`)
    const ownLogScale = edit(`layers.${layer}.actnorm.logScale`)
    for (let feature = 0; feature < dim; feature++) {
      logScale[feature]! += ownLogScale[feature]!
      shift[feature]! += bias[feature]! * Math.exp(logScale[feature]!)
    }
    bias.fill(0)
    ownLogScale.fill(0)
  }
  edit('layers.0.actnorm.bias').set(shift.map((number, feature) => number * Math.exp(-logScale[feature]!)))
  edit('layers.0.actnorm.logScale').set(logScale)
  const folded = new Map(weights)
  for (const [name, numbers] of edited) {
    folded.set(name, { shape: weights.get(name)!.shape, data: new Float32Array(numbers) })
  }
  return { spec, weights: folded }
}

/** A dense layer's weight [in, out] and bias [out], to be edited in place. */
interface Dense {
  readonly weight: Float64Array
  readonly bias: Float64Array
}

/** Rewrites a layer for the input a·x + c in place of x. */
function foldIntoInput({ weight, bias }: Dense, input: number, a: number, c: number): void {
  const outputs = bias.length
  for (let output = 0; output < outputs; output++) {
    const folded = weight[input * outputs + output]! / a
    weight[input * outputs + output] = folded
    bias[output]! -= folded * c
  }
}

/** Rewrites a layer to output a·y + c in place of y. */
function foldIntoOutput({ weight, bias }: Dense, output: number, a: number, c: number): void {
  const outputs = bias.length
  for (let at = output; at < weight.length; at += outputs) weight[at]! *= a
  bias[output] = a * bias[output]! + c
}
