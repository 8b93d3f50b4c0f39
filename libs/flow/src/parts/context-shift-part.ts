import { CONTEXT_SCALE_BOUND, contextShift } from '../context-shift.js'
import type { FlowSizes } from '../flow-state.js'
import { boundedScale, conditionerPart } from './conditioner-part.js'
import { NOTHING_FIXED, type Part } from './part.js'

/** The context shift `base`, first of every conditional flow. */
export function contextShiftPart({ dim, contextDim, hidden }: FlowSizes): Part {
  const conditioner = conditionerPart('base', { inputs: contextDim, hidden, outputs: 2 * dim })
  return {
    learned: conditioner.learned,
    fixed: NOTHING_FIXED,
    start: ({ weights }) => conditioner.start(weights),
    bijector: (tensors) => contextShift(conditioner.of(tensors)),
    toGraph: (graph, { value, context }, weights) => {
      const halves = graph.tensor64([dim, dim])
      const [raw, shift] = graph.split(conditioner.toGraph(graph, context!, weights), halves, 2)
      const { logScale, scale } = boundedScale(graph, raw!, CONTEXT_SCALE_BOUND)
      return { value: graph.node('Mul', [graph.node('Sub', [value, shift!]), scale]), spread: logScale }
    },
  }
}
