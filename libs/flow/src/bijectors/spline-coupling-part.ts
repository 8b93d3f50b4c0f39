import type { FlowSizes } from '../flows/flow-state.js'
import { conditionerPart } from './conditioner/conditioner-part.js'
import { conditionedHalves, maskedWeights } from './conditioner/coupling-halves.js'
import { maskOf } from './conditioner/mask.js'
import type { Part } from './part.js'
import { rawLength } from './spline.js'
import { type SplineSizes, splineCoupling } from './spline-coupling.js'
import { splineGraph } from './spline-onnx.js'

/** The spline coupling of a layer; the ONNX graph processes the moved and the held half separately. */
export function splineCouplingPart(
  layer: number,
  { dim, contextDim, hidden, bins, tailBound }: FlowSizes & SplineSizes,
): Part {
  const length = rawLength(bins)
  const sizes = { inputs: dim + contextDim, hidden, outputs: dim * length }
  const conditioner = conditionerPart(`layers.${layer}.conditioner`, sizes)
  return {
    ...maskedWeights(layer, dim, conditioner),
    bijector: (tensors, weights) =>
      splineCoupling(maskOf(weights, layer), conditioner.of(tensors), { bins, tailBound }),
    toGraph: (graph, rows, weights) => {
      if (conditioner.isZero(weights)) return { pieces: rows.pieces }
      const halves = conditionedHalves(graph, rows, weights, maskOf(weights, layer), conditioner, (moved) => ({
        outputs: moved.flatMap((feature) => Array.from({ length }, (_, at) => feature * length + at)),
      }))
      const { columns, features } = halves.moved
      const count = features.length
      const x = graph.toRows(columns, count)
      const transformed = splineGraph(graph, x, graph.toRows(halves.raw, count * length), count, { bins, tailBound })
      const moved = { columns: graph.toColumns(transformed.value, count), features }
      return { pieces: [moved, ...halves.rest], summed: transformed.logDet }
    },
  }
}
