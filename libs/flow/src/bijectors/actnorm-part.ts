import type { Tensor1D } from '@tensorflow/tfjs-core'
import { stacked } from '../onnx/pieces.js'
import { actnorm } from './actnorm.js'
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
    toGraph: (graph, { pieces }, weights) => {
      const [shifts, scales] = [weights.get(bias)!.data, weights.get(logScale)!.data]
      const isIdentity = [...shifts, ...scales].every((number) => number === 0)
      if (isIdentity) return { pieces }
      const { columns, features } = stacked(graph, pieces)
      const inOrder = (numbers: Float32Array) => Float64Array.from(features, (feature) => numbers[feature]!)
      const shifted = graph.node('Add', [columns, graph.perColumn(inOrder(shifts))])
      const stretched = graph.node('Mul', [shifted, graph.perColumn(inOrder(scales).map(Math.exp))])
      return {
        pieces: [{ columns: stretched, features }],
        constant: scales.reduce((total, number) => total + number, 0),
      }
    },
  }
}
