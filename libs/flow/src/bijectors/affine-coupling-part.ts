import type { FlowSizes } from '../flows/flow-state.js'
import { affineCoupling } from './affine-coupling.js'
import { boundedScale, conditionerPart } from './conditioner/conditioner-part.js'
import { conditionedHalves, maskedWeights } from './conditioner/coupling-halves.js'
import { maskOf } from './conditioner/mask.js'
import type { Part } from './part.js'

/**
 * The affine coupling of a layer.
 *
 * The ONNX graph splits the columns: the conditioner receives the held features only and computes outputs of the moved features
 * only. Its last weights are divided by the bound, which saves dividing the output.
 */
export function affineCouplingPart(
  layer: number,
  { dim, contextDim, hidden, scaleBound }: FlowSizes & { readonly scaleBound: number },
): Part {
  const sizes = { inputs: dim + contextDim, hidden, outputs: 2 * dim }
  const conditioner = conditionerPart(`layers.${layer}.conditioner`, sizes)
  return {
    ...maskedWeights(layer, dim, conditioner),
    bijector: (tensors, weights) => affineCoupling(maskOf(weights, layer), conditioner.of(tensors), scaleBound),
    toGraph: (graph, rows, weights) => {
      if (conditioner.isZero(weights)) return { pieces: rows.pieces }
      const halves = conditionedHalves(graph, rows, weights, maskOf(weights, layer), conditioner, (moved) => ({
        outputs: [...moved, ...moved.map((feature) => dim + feature)],
        scaleOf: (output) => (output < dim ? 1 / scaleBound : 1),
      }))
      const { columns, features } = halves.moved
      const [squashed, shift] = graph.halveColumns(halves.raw, features.length)
      const { logScale, scale } = boundedScale(graph, squashed, scaleBound)
      const scaled = graph.node('Add', [graph.node('Mul', [columns, scale]), shift])
      return { pieces: [{ columns: scaled, features }, ...halves.rest], spread: logScale }
    },
  }
}
