import { HALF_LOG_TWO_PI } from './base-distribution.js'
import { checkFlow, partsOf } from './flow-parts.js'
import type { FlowState } from './flow-state.js'
import { OnnxGraph, type Precision } from './onnx-graph.js'

/**
 * A fitted flow as an ONNX model: `row` [batch, dim] and, where it is conditional, `context` [batch, contextDim] in;
 * `nll` [batch] in nats, `latent` [batch, dim] and `log_det` [batch] out.
 *
 * @param precision  of the arithmetic and what comes out; what goes in is float32 either way. Default float32.
 * @throws {ShapeError} when the weights do not fit the spec
 */
export function toOnnx(flow: FlowState, precision: Precision = 'float32'): Uint8Array {
  const { spec, weights } = checkFlow(flow)
  const graph = new OnnxGraph(`outflow ${spec.kind}`, precision)
  let value = graph.input('row', ['batch', spec.dim])
  const context = spec.contextDim > 0 ? graph.input('context', ['batch', spec.contextDim]) : undefined
  const spread: string[] = []
  const summed: string[] = []
  let constant = 0
  for (const part of partsOf(spec)) {
    const step = part.toGraph(graph, { value, context }, weights)
    value = step.value
    if (step.spread !== undefined) spread.push(step.spread)
    if (step.summed !== undefined) summed.push(step.summed)
    constant += step.constant ?? 0
  }

  const total = (values: readonly string[]) => (values.length > 1 ? graph.node('Sum', values) : values[0]!)
  const overFeatures = (matrix: string) => graph.node('ReduceSum', [matrix, graph.tensor64([1])], { keepdims: 0 })
  const moved = total([...summed, ...(spread.length > 0 ? [overFeatures(total(spread))] : [])])
  const logDet = graph.node('Add', [moved, graph.scalar(constant)])
  const half = graph.node('Mul', [overFeatures(graph.node('Mul', [value, value])), graph.scalar(0.5)])
  const energy = graph.node('Add', [half, graph.scalar(spec.dim * HALF_LOG_TWO_PI)])
  graph.output('nll', graph.node('Sub', [energy, logDet]), ['batch'])
  graph.output('latent', value, ['batch', spec.dim])
  graph.output('log_det', logDet, ['batch'])
  return graph.encode()
}
