import type { Weights } from '../../flows/flow-state.js'
import type { OnnxGraph } from '../../onnx/onnx-graph.js'
import { type Piece, regrouped } from '../../onnx/pieces.js'
import type { GraphRows, Part } from '../part.js'
import type { ConditionerPart, Through } from './conditioner-part.js'
import { halvesOf, type Mask, maskName } from './mask.js'

/** The weights of a coupling: its conditioner's, which training changes, and its mask. */
export function maskedWeights(
  layer: number,
  dim: number,
  conditioner: ConditionerPart,
): Pick<Part, 'learned' | 'fixed' | 'start'> {
  return {
    learned: conditioner.learned,
    fixed: new Map([[maskName(layer), [dim]]]),
    start: ({ masks, weights }) => {
      const mask = masks[layer]!
      const masked = mask.filter((held) => held === 0).length
      return new Map([[maskName(layer), Float32Array.from(mask)], ...conditioner.start(weights, masked)])
    },
  }
}

/** The two halves of a coupling in an ONNX graph. */
interface Halves {
  readonly moved: Piece
  /** The held half; none if a single feature is moved by every layer */
  readonly rest: readonly Piece[]
  /** Columns of the conditioner's output */
  readonly raw: string
}

/**
 * Splits the columns by a mask and runs the conditioner on the held ones and the context, for the outputs of the moved ones only.
 *
 * @param outputsOf  the conditioner's outputs for the moved features, and their factors
 */
export function conditionedHalves(
  graph: OnnxGraph,
  { pieces, context }: GraphRows,
  weights: Weights,
  mask: Mask,
  conditioner: ConditionerPart,
  outputsOf: (moved: readonly number[]) => Omit<Through, 'inputs'>,
): Halves {
  const { moved, held } = halvesOf(mask)
  const [movedColumns, ...heldColumns] = regrouped(graph, pieces, held.length > 0 ? [moved, held] : [moved])
  const contextInputs = conditioner.inputs - mask.length
  const given = context === undefined ? heldColumns : [...heldColumns, context]
  // A single feature without a context has no input: the conditioner gets the feature itself, with weights of zero.
  const inputs =
    given.length === 0
      ? moved.map(() => undefined)
      : [...held, ...Array.from({ length: contextInputs }, (_, at) => mask.length + at)]
  const raw = conditioner.toGraph(graph, graph.stack(given.length === 0 ? [movedColumns!] : given), weights, {
    inputs,
    ...outputsOf(moved),
  })
  return {
    moved: { columns: movedColumns!, features: moved },
    rest: heldColumns.map((columns) => ({ columns, features: held })),
    raw,
  }
}
