import type { FlowSizes } from '../flows/flow-state.js'
import { regrouped } from '../onnx/pieces.js'
import { boundedScale, conditionerPart } from './conditioner/conditioner-part.js'
import { CONTEXT_SCALE_BOUND, contextShift } from './context-shift.js'
import { NOTHING_FIXED, type Part } from './part.js'

/** The context shift `base`, first of every conditional flow. */
export function contextShiftPart({ dim, contextDim, hidden }: FlowSizes): Part {
  const conditioner = conditionerPart('base', { inputs: contextDim, hidden, outputs: 2 * dim })
  return {
    learned: conditioner.learned,
    fixed: NOTHING_FIXED,
    start: ({ weights }) => conditioner.start(weights),
    bijector: (tensors) => contextShift(conditioner.of(tensors)),
    toGraph: (graph, { pieces, context }, weights) => {
      const features = [...Array(dim).keys()]
      const raw = conditioner.toGraph(graph, context!, weights, {
        scaleOf: (output) => (output < dim ? 1 / CONTEXT_SCALE_BOUND : 1),
      })
      const [squashed, shift] = graph.halveColumns(raw, dim)
      const { logScale, scale } = boundedScale(graph, squashed, CONTEXT_SCALE_BOUND)
      const [columns] = regrouped(graph, pieces, [features])
      const shifted = graph.node('Mul', [graph.node('Sub', [columns!, shift]), scale])
      return { pieces: [{ columns: shifted, features }], spread: logScale }
    },
  }
}
