import { baseOf } from '../base/bases.js'
import { checkFlow, partsOf } from '../flows/flow-parts.js'
import type { FlowState } from '../flows/flow-state.js'
import { foldActnorms } from './fold-actnorms.js'
import { OnnxGraph, type Precision } from './onnx-graph.js'
import { type Piece, regrouped } from './pieces.js'

/**
 * A fitted flow as an ONNX model: `row` [batch, dim] and, where it is conditional, `context` [batch, contextDim] in;
 * `nll` [batch] in nats, `latent` [batch, dim] and `log_det` [batch] out.
 *
 * @param precision  of the arithmetic and the outputs; inputs are always float32. Default float32.
 * @throws {ShapeError} when the weights do not fit the spec
 */
export function toOnnx(flow: FlowState, precision: Precision = 'float32'): Uint8Array {
  const { dim } = flow.spec
  const { graph, latent, logDet } = forwardGraph(flow, precision)
  const ofBase = baseOf(flow).toGraph(graph, latent)
  graph.output('nll', graph.node('Sub', [ofBase, logDet]), ['batch'])
  graph.output('latent', graph.toRows(latent, dim), ['batch', dim])
  graph.output('log_det', logDet, ['batch'])
  return graph.encode()
}

/** The forward computation: columns of the latent in feature order, and the log-det, [batch]. */
function forwardGraph(flow: FlowState, precision: Precision): { graph: OnnxGraph; latent: string; logDet: string } {
  const { spec } = checkFlow(flow)
  const { weights } = precision === 'float32' && spec.kind === 'realnvp' ? foldActnorms(flow, spec) : flow
  const { dim, contextDim } = spec
  const graph = new OnnxGraph(`outflow ${spec.kind}`, precision)
  const features = [...Array(dim).keys()]
  const input = (name: string, width: number) => graph.toColumns(graph.input(name, ['batch', width]), width)
  let pieces: readonly Piece[] = [{ columns: input('row', dim), features }]
  const context = contextDim > 0 ? input('context', contextDim) : undefined
  const logDetColumns: string[] = []
  const logDets: string[] = []
  let logDetConstant = 0
  for (const part of partsOf(spec)) {
    const step = part.toGraph(graph, { pieces, context }, weights)
    pieces = step.pieces
    if (step.logDetColumns !== undefined) logDetColumns.push(step.logDetColumns)
    if (step.logDet !== undefined) logDets.push(step.logDet)
    logDetConstant += step.logDetConstant ?? 0
  }
  const [latent] = regrouped(graph, pieces, [features]) as [string]
  // Where all couplings are the identity, every row has the same log-det: zeros give it the number of rows.
  if (logDetColumns.length + logDets.length === 0) logDetColumns.push(graph.node('Mul', [latent, graph.scalar(0)]))
  if (logDetColumns.length > 0) logDets.push(graph.sumColumns(graph.stack(logDetColumns)))
  const logDet = graph.node('Sum', [...logDets, graph.scalar(logDetConstant)])
  return { graph, latent, logDet }
}
