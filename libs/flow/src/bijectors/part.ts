import type { Tensor } from '@tensorflow/tfjs-core'
import type { Weights } from '../flows/flow-state.js'
import type { OnnxGraph } from '../onnx/onnx-graph.js'
import type { Piece } from '../onnx/pieces.js'
import type { Random } from '../random.js'
import type { Bijector } from './bijector.js'
import type { Mask } from './conditioner/mask.js'

/**
 * One bijector of a flow by the names of its weights: their shapes, initial values, computation and ONNX nodes.
 *
 * A kind of flow is a list of these.
 */
export interface Part {
  /** Weights that training changes. */
  readonly learned: Shapes
  /** Weights drawn from the seed that training does not change. Default: none. */
  readonly fixed?: Shapes
  /** Weights of an untrained flow; omitted ones are zero. */
  start(random: RandomStreams): ReadonlyMap<string, Float32Array>
  /**
   * @param tensors  the learned weights
   * @param weights  the fixed ones
   */
  bijector(tensors: ReadonlyMap<string, Tensor>, weights: Weights): Bijector
  /** Adds the forward computation to a graph. */
  toGraph(graph: OnnxGraph, at: GraphRows, weights: Weights): GraphStep
}

/** Names of weights with their shapes. */
export type Shapes = ReadonlyMap<string, readonly number[]>

/** Random streams of an untrained flow, independent of each other. */
interface RandomStreams {
  /** One a layer. */
  readonly masks: readonly Mask[]
  readonly weights: Random
  readonly rotations: Random
}

/** The rows within a graph. */
interface GraphRows {
  /** Every feature once */
  readonly pieces: readonly Piece[]
  /** Columns of the context, where the flow is conditional */
  readonly context: string | undefined
}

/** The output of a part in a graph: its rows, and its log-det in one of three forms. */
export interface GraphStep {
  readonly pieces: readonly Piece[]
  /** Columns whose sum is the log-det, nats. */
  readonly logDetColumns?: string
  /** [batch], nats */
  readonly logDet?: string
  /** The same for every row, nats. */
  readonly logDetConstant?: number
}
