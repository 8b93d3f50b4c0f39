import type { Tensor1D } from '@tensorflow/tfjs-core'
import { actnorm } from '../actnorm.js'
import { NOTHING_FIXED, type Part } from './part.js'

/** The actnorm of a layer. */
export function actnormPart(layer: number, dim: number): Part {
  const bias = `layers.${layer}.actnorm.bias`
  const logScale = `layers.${layer}.actnorm.logScale`
  return {
    learned: new Map([
      [bias, [dim]],
      [logScale, [dim]],
    ]),
    fixed: NOTHING_FIXED,
    start: () => new Map(),
    bijector: (tensors) => actnorm(tensors.get(bias) as Tensor1D, tensors.get(logScale) as Tensor1D),
    toGraph: (graph, { value }, weights) => {
      const scales = weights.get(logScale)!.data
      const shifted = graph.node('Add', [value, graph.tensor(weights.get(bias)!.data, [dim])])
      return {
        value: graph.node('Mul', [shifted, graph.tensor(Float64Array.from(scales, Math.exp), [dim])]),
        constant: scales.reduce((total, number) => total + number, 0),
      }
    },
  }
}
