import { affineCoupling } from '../coupling.js'
import type { FlowSizes } from '../flow-state.js'
import { maskName, maskOf } from '../mask.js'
import { boundedScale, conditionerPart } from './conditioner-part.js'
import type { Part } from './part.js'

/**
 * The affine coupling of a layer.
 *
 * In ONNX the mask is folded into the weights: the conditioner's first layer has zeros where a moved feature would enter, its
 * last one where a held feature would be moved, so that exp(s) = 1 and t = 0 there and the graph needs no select.
 */
export function affineCouplingPart(
  layer: number,
  { dim, contextDim, hidden, scaleBound }: FlowSizes & { readonly scaleBound: number },
): Part {
  const sizes = { inputs: dim + contextDim, hidden, outputs: 2 * dim }
  const conditioner = conditionerPart(`layers.${layer}.conditioner`, sizes)
  return {
    learned: conditioner.learned,
    fixed: new Map([[maskName(layer), [dim]]]),
    start: ({ masks, weights }) => {
      const mask = masks[layer]!
      const silenced = mask.filter((held) => held === 0).length
      return new Map([[maskName(layer), Float32Array.from(mask)], ...conditioner.start(weights, silenced)])
    },
    bijector: (tensors, weights) => affineCoupling(maskOf(weights, layer), conditioner.of(tensors), scaleBound),
    toGraph: (graph, { value, context }, weights) => {
      const mask = maskOf(weights, layer)
      const given = context === undefined ? value : graph.concat([value, context], 1)
      const halves = graph.tensor64([dim, dim])
      const outputs = Array.from({ length: 2 * dim }, (_, at) => (mask[at % dim] === 1 ? undefined : at))
      const sees = (input: number) => mask[input] !== 0
      const [raw, shift] = graph.split(conditioner.toGraph(graph, given, weights, { sees, outputs }), halves, 2)
      const { logScale, scale } = boundedScale(graph, raw!, scaleBound)
      return { value: graph.node('Add', [graph.node('Mul', [value, scale]), shift!]), spread: logScale }
    },
  }
}
