import { HALF_LOG_TWO_PI } from './base-distribution.js'
import { CONTEXT_SCALE_BOUND } from './context-shift.js'
import type { FlowState } from './flow-state.js'
import { OnnxGraph, type Precision } from './onnx-graph.js'
import { checkFlow, masksOf } from './real-nvp.js'

/**
 * A fitted flow as an ONNX model: `row` [batch, dim] and, where it is conditional, `context` [batch, contextDim] in;
 * `nll` [batch] in nats, `latent` [batch, dim] and `log_det` [batch] out.
 *
 * The masks are folded into the weights: a coupling's first layer has zeros where a moved feature would enter, its last
 * one where a held feature would be moved, so that exp(s) = 1 and t = 0 there and the graph needs no select.
 *
 * @param precision  of the arithmetic and what comes out; what goes in is float32 either way. Default float32.
 * @throws {ShapeError} when the weights do not fit the spec
 */
export function toOnnx(flow: FlowState, precision: Precision = 'float32'): Uint8Array {
  const { spec, weights } = checkFlow(flow)
  const graph = new OnnxGraph('outflow realnvp', precision)
  const row = graph.input('row', ['batch', spec.dim])
  const context = spec.contextDim > 0 ? graph.input('context', ['batch', spec.contextDim]) : undefined
  const logDets: string[] = []

  /** [r, t] of a conditioner, with its first and last weights as the masks leave them. */
  const rawScaleAndShift = (prefix: string, input: string, mask?: readonly (0 | 1)[]): [string, string] => {
    let value = input
    for (let index = 0; index <= spec.hidden.length; index++) {
      const weight = weights.get(`${prefix}.${index}.weight`)!
      const bias = weights.get(`${prefix}.${index}.bias`)!
      let [matrix, offset] = [weight.data, bias.data]
      const width = weight.shape[1]!
      if (mask !== undefined && index === 0) {
        matrix = matrix.map((number, at) => (mask[Math.floor(at / width)] === 0 ? 0 : number))
      }
      if (mask !== undefined && index === spec.hidden.length) {
        matrix = matrix.map((number, at) => (mask[(at % width) % spec.dim] === 1 ? 0 : number))
        offset = offset.map((number, at) => (mask[at % spec.dim] === 1 ? 0 : number))
      }
      value = graph.node('Gemm', [value, graph.tensor(matrix, weight.shape), graph.tensor(offset, bias.shape)])
      if (index < spec.hidden.length) value = graph.node('Relu', [value])
    }
    const halves = graph.tensor64([spec.dim, spec.dim])
    return graph.split(value, halves, 1)
  }
  const boundedScale = (raw: string, bound: number): string => {
    const within = graph.node('Tanh', [graph.node('Mul', [raw, graph.tensor(Float64Array.of(1 / bound), [1])])])
    const logScale = graph.node('Mul', [within, graph.tensor(Float64Array.of(bound), [1])])
    logDets.push(logScale)
    return graph.node('Exp', [logScale])
  }

  let value = row
  if (context !== undefined) {
    const [raw, shift] = rawScaleAndShift('base', context)
    value = graph.node('Mul', [graph.node('Sub', [value, shift]), boundedScale(raw, CONTEXT_SCALE_BOUND)])
  }
  let constantLogDet = 0
  masksOf(flow).forEach((mask, layer) => {
    const bias = weights.get(`layers.${layer}.actnorm.bias`)!
    const logScale = weights.get(`layers.${layer}.actnorm.logScale`)!
    constantLogDet += logScale.data.reduce((total, number) => total + number, 0)
    value = graph.node('Add', [value, graph.tensor(bias.data, bias.shape)])
    value = graph.node('Mul', [value, graph.tensor(Float64Array.from(logScale.data, Math.exp), logScale.shape)])
    const given = context === undefined ? value : graph.concat([value, context], 1)
    const [raw, shift] = rawScaleAndShift(`layers.${layer}.conditioner`, given, mask)
    value = graph.node('Add', [graph.node('Mul', [value, boundedScale(raw, spec.scaleBound)]), shift])
  })

  const columns = graph.tensor64([1])
  const moved = graph.node('ReduceSum', [logDets.length > 1 ? graph.node('Sum', logDets) : logDets[0]!, columns], {
    keepdims: 0,
  })
  const logDet = graph.node('Add', [moved, graph.tensor(Float64Array.of(constantLogDet), [1])])
  const squares = graph.node('ReduceSum', [graph.node('Mul', [value, value]), columns], { keepdims: 0 })
  const half = graph.node('Mul', [squares, graph.tensor(Float64Array.of(0.5), [1])])
  const energy = graph.node('Add', [half, graph.tensor(Float64Array.of(spec.dim * HALF_LOG_TWO_PI), [1])])
  graph.output('nll', graph.node('Sub', [energy, logDet]), ['batch'])
  graph.output('latent', value, ['batch', spec.dim])
  graph.output('log_det', logDet, ['batch'])
  return graph.encode()
}
