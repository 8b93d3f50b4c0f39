import type { OnnxGraph } from './onnx-graph.js'

/** Columns of a graph, and the feature of each. */
export interface Piece {
  readonly columns: string
  readonly features: readonly number[]
}

/** All pieces as one, in order. */
export function stacked(graph: OnnxGraph, pieces: readonly Piece[]): Piece {
  return {
    columns: graph.stack(pieces.map(({ columns }) => columns)),
    features: pieces.flatMap(({ features }) => features),
  }
}

/**
 * The columns of each group of features, in the group's order; no group is empty.
 *
 * Adds no nodes if the pieces already are these groups, as in the second of two layers with complementary masks.
 */
export function regrouped(
  graph: OnnxGraph,
  pieces: readonly Piece[],
  groups: readonly (readonly number[])[],
): readonly string[] {
  const found = groups.map((group) => pieces.find(({ features }) => features.join() === group.join())?.columns)
  if (found.every((columns) => columns !== undefined)) return found
  const { columns, features } = stacked(graph, pieces)
  return groups.map((group) =>
    graph.pickColumns(
      columns,
      group.map((feature) => features.indexOf(feature)),
    ),
  )
}
