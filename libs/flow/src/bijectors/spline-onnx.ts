import type { SplineSpec } from '../flows/flow-state.js'
import type { OnnxGraph } from '../onnx/onnx-graph.js'
import { SLOPE_ONE, SMALLEST } from './spline.js'

export type SplineSizes = Pick<SplineSpec, 'bins' | 'tailBound'>

/**
 * The splines of spline.ts in ONNX operators. The bin of a number is a one-hot row, and the product with it selects the bin's
 * width, height and slopes.
 *
 * @param x    [batch, count]
 * @param raw  [batch, count·(3·bins − 1)]
 * @returns names of z [batch, count] and of the summed log-slopes [batch]
 */
export function splineGraph(
  graph: OnnxGraph,
  x: string,
  raw: string,
  count: number,
  { bins, tailBound }: SplineSizes,
): { value: string; logDet: string } {
  const op =
    (name: string) =>
    (...inputs: string[]) =>
      graph.node(name, inputs)
  const [add, sub, mul, div, log] = [op('Add'), op('Sub'), op('Mul'), op('Div'), op('Log')] as const
  const [one, two] = [graph.scalar(1), graph.scalar(2)]
  const lastAxis = graph.tensor64([-1])
  const sumLast = (value: string) => graph.node('ReduceSum', [value, lastAxis], { keepdims: 0 })

  const byFeature = graph.node('Reshape', [raw, graph.tensor64([-1, count, 3 * bins - 1])])
  const parts = graph.split(byFeature, graph.tensor64([bins, bins, bins - 1]), 3, 2)
  const [rawWidths, rawHeights, rawSlopes] = parts as [string, string, string]
  const shares = (part: string) => {
    const soft = graph.node('Softmax', [part], { axis: -1 })
    return add(mul(soft, graph.scalar(1 - bins * SMALLEST)), graph.scalar(SMALLEST))
  }
  const [widths, heights] = [shares(rawWidths), shares(rawHeights)]
  // The product with this turns a row of shares into the start of each bin, relative to the middle: most values are there, and
  // keep the digits that a sum from one end would round away.
  const before = matrix(graph, [bins, bins], (other, bin) => (other < bin ? 0.5 : -0.5))
  const starts = graph.node('MatMul', [widths, before])

  const isInside = graph.node('Less', [graph.node('Abs', [x]), graph.scalar(tailBound)])
  const zero = graph.scalar(0)
  const within = graph.node('Where', [isInside, mul(x, graph.scalar(1 / (2 * tailBound))), zero])
  const withinByBin = graph.node('Unsqueeze', [within, lastAxis])
  // 1 for every bin that starts at or before u, 0 after it. Subtracting the same row shifted by one, to lower indices, leaves the bin of u.
  const reached = graph.cast(graph.node('GreaterOrEqual', [withinByBin, starts]))
  const shiftByOne = matrix(graph, [bins, bins], (from, to) => (from === to + 1 ? 1 : 0))
  const own = sub(reached, graph.node('MatMul', [reached, shiftByOne]))
  const ofBin = (numbers: string) => sumLast(mul(own, numbers))

  const softplus = (value: string) => {
    const tail = log(add(graph.node('Exp', [graph.node('Neg', [graph.node('Abs', [value])])]), one))
    return add(graph.node('Relu', [value]), tail)
  }
  const inner = add(softplus(add(rawSlopes, graph.scalar(SLOPE_ONE))), graph.scalar(SMALLEST))
  // The slope at both ends is 1. Slopes are stated as their difference from 1, so the ends are zeros.
  const innerAboveOne = sub(inner, one)
  // Assigns the knots between bins to the bins that start there (shift 0) or end there (shift 1).
  const slopeAt = (shift: 0 | 1) => {
    const edges = matrix(graph, [bins - 1, bins], (knot, bin) => (bin + shift === knot + 1 ? 1 : 0))
    return add(ofBin(graph.node('MatMul', [innerAboveOne, edges])), one)
  }
  const [left, right] = [slopeAt(0), slopeAt(1)]

  const [width, height] = [ofBin(widths), ofBin(heights)]
  const start = ofBin(starts)
  const below = ofBin(graph.node('MatMul', [heights, before]))
  const xi = div(sub(within, start), width)
  const rest = sub(one, xi)
  const theta = mul(xi, rest)
  const sigma = div(height, width)
  const square = mul(xi, xi)
  const top = add(mul(sigma, square), mul(left, theta))
  const bottom = add(sigma, mul(sub(add(left, right), mul(two, sigma)), theta))
  const spread = add(add(mul(right, square), mul(mul(two, sigma), theta)), mul(left, mul(rest, rest)))
  const v = add(below, div(mul(height, top), bottom))
  const splined = mul(v, graph.scalar(2 * tailBound))
  const logSlope = add(log(spread), mul(two, log(div(sigma, bottom))))
  return {
    value: graph.node('Where', [isInside, splined, x]),
    logDet: sumLast(graph.node('Where', [isInside, logSlope, zero])),
  }
}

/** A constant matrix by its entries. */
function matrix(graph: OnnxGraph, shape: readonly [number, number], entry: (row: number, column: number) => number) {
  const [rows, columns] = shape
  const entries = Float32Array.from({ length: rows * columns }, (_, at) =>
    entry(Math.floor(at / columns), at % columns),
  )
  return graph.tensor(entries, shape)
}
