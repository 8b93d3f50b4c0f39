import type { FlowSizes } from '../flows/flow-state.js'
import type { OnnxGraph } from '../onnx/onnx-graph.js'
import { regrouped } from '../onnx/pieces.js'
import type { Bijector } from './bijector.js'
import type { Conditioner } from './conditioner/conditioner.js'
import { type ConditionerSlice, conditionerPart } from './conditioner/conditioner-part.js'
import { halvesOf, type Mask, maskName, maskOf } from './conditioner/mask.js'
import type { GraphStep, Part } from './part.js'

/** The properties by which kinds of couplings differ. */
interface CouplingKind {
  /** Number of outputs of the conditioner. */
  readonly outputs: number
  bijector(mask: Mask, conditioner: Conditioner): Bijector
  /** The conditioner's outputs for the moved features, and their factors. */
  outputsOf(moved: readonly number[]): Omit<ConditionerSlice, 'inputs'>
  /** Transforms `count` moved columns of a graph by columns of the conditioner's output. */
  transform(
    graph: OnnxGraph,
    x: string,
    raw: string,
    count: number,
  ): { readonly columns: string } & Pick<GraphStep, 'logDetColumns' | 'logDet'>
}

/**
 * The coupling of a layer.
 *
 * The ONNX graph splits the columns by the mask: the conditioner receives the held features and the context only, and computes outputs of
 * the moved features only.
 */
export function couplingPart(layer: number, { dim, contextDim, hidden }: FlowSizes, kind: CouplingKind): Part {
  const sizes = { inputs: dim + contextDim, hidden, outputs: kind.outputs }
  const conditioner = conditionerPart(`layers.${layer}.conditioner`, sizes)
  return {
    learned: conditioner.learned,
    fixed: new Map([[maskName(layer), [dim]]]),
    start: ({ masks, weights }) => {
      const mask = masks[layer]!
      const masked = mask.filter((held) => held === 0).length
      return new Map([[maskName(layer), Float32Array.from(mask)], ...conditioner.start(weights, masked)])
    },
    bijector: (tensors, weights) => kind.bijector(maskOf(weights, layer), conditioner.of(tensors)),
    toGraph: (graph, { pieces, context }, weights) => {
      if (conditioner.isZero(weights)) return { pieces }
      const { moved, held } = halvesOf(maskOf(weights, layer))
      // No feature is held if a single one is moved by every layer.
      const groups = held.length > 0 ? [moved, held] : [moved]
      const [x, ...heldColumns] = regrouped(graph, pieces, groups) as [string, ...string[]]
      const given = context === undefined ? heldColumns : [...heldColumns, context]
      // A single feature without a context has no input: the conditioner gets the feature itself, with weights of zero.
      const inputs =
        given.length === 0
          ? moved.map(() => undefined)
          : [...held, ...Array.from({ length: contextDim }, (_, at) => dim + at)]
      const slice = { inputs, ...kind.outputsOf(moved) }
      const raw = conditioner.toGraph(graph, graph.stack(given.length === 0 ? [x] : given), weights, slice)
      const { columns, ...logDet } = kind.transform(graph, x, raw, moved.length)
      const heldPieces = heldColumns.map((columns) => ({ columns, features: held }))
      return { pieces: [{ columns, features: moved }, ...heldPieces], ...logDet }
    },
  }
}
