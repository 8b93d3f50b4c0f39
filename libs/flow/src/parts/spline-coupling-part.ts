import type { FlowSizes } from '../flow-state.js'
import { maskName, maskOf } from '../mask.js'
import { rawLength } from '../spline.js'
import { type SplineSizes, splineCoupling } from '../spline-coupling.js'
import { conditionerPart } from './conditioner-part.js'
import type { Part } from './part.js'
import { splineGraph } from './spline-graph.js'

/** The spline coupling of a layer; ONNX is given the moved features alone, and puts the held ones beside them again. */
export function splineCouplingPart(
  layer: number,
  { dim, contextDim, hidden, bins, tailBound }: FlowSizes & SplineSizes,
): Part {
  const length = rawLength(bins)
  const sizes = { inputs: dim + contextDim, hidden, outputs: dim * length }
  const conditioner = conditionerPart(`layers.${layer}.conditioner`, sizes)
  return {
    learned: conditioner.learned,
    fixed: new Map([[maskName(layer), [dim]]]),
    start: ({ masks, weights }) => {
      const mask = masks[layer]!
      const silenced = mask.filter((held) => held === 0).length
      return new Map([[maskName(layer), Float32Array.from(mask)], ...conditioner.start(weights, silenced)])
    },
    bijector: (tensors, weights) =>
      splineCoupling(maskOf(weights, layer), conditioner.of(tensors), { bins, tailBound }),
    toGraph: (graph, { value, context }, weights) => {
      const mask = maskOf(weights, layer)
      const [moved, held] = [0, 1].map((side) => mask.flatMap((each, feature) => (each === side ? [feature] : [])))
      const given = context === undefined ? value : graph.concat([value, context], 1)
      const outputs = moved!.flatMap((feature) => Array.from({ length }, (_, at) => feature * length + at))
      const raw = conditioner.toGraph(graph, given, weights, { sees: (input) => mask[input] !== 0, outputs })
      const pick = (from: string, features: readonly number[]) => graph.gather(from, features, 1)
      const bent = splineGraph(graph, pick(value, moved!), raw, moved!.length, { bins, tailBound })
      const beside = held!.length > 0 ? graph.concat([bent.value, pick(value, held!)], 1) : bent.value
      const places = [...moved!, ...held!]
      const inOrder = pick(
        beside,
        mask.map((_, feature) => places.indexOf(feature)),
      )
      return { value: inOrder, summed: bent.logDet }
    },
  }
}
