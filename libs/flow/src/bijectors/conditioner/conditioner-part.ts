import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Weights } from '../../flows/flow-state.js'
import type { OnnxGraph } from '../../onnx/onnx-graph.js'
import type { Random } from '../../random.js'
import { mlp } from './conditioner.js'

/** Some of a conditioner's inputs and outputs. */
export interface ConditionerSlice {
  /** undefined: a column with weight 0. Default: all inputs. */
  readonly inputs?: readonly (number | undefined)[]
  /** Default: all. */
  readonly outputs?: readonly number[]
  /** Factor of an output. Default: 1. */
  readonly scaleOf?: (output: number) => number
}

/** A conditioner whose weights are named `${prefix}.0.weight`, `${prefix}.0.bias`, and so on. */
export function conditionerPart(
  prefix: string,
  { inputs, hidden, outputs }: { inputs: number; hidden: readonly number[]; outputs: number },
) {
  const widths = [inputs, ...hidden, outputs]
  const layers = widths.slice(1).map((width, index) => ({
    weight: `${prefix}.${index}.weight`,
    bias: `${prefix}.${index}.bias`,
    shape: [widths[index]!, width] as const,
  }))
  return {
    learned: new Map<string, readonly number[]>(
      layers.flatMap(({ weight, bias, shape }) => [
        [weight, shape],
        [bias, [shape[1]]],
      ]),
    ),
    /**
     * He initialisation of the hidden layers; omitted weights, including the last layer, are zero.
     *
     * @param masked  number of masked inputs, which do not count for the first layer's variance
     */
    start: (random: Random, masked = 0): ReadonlyMap<string, Float32Array> =>
      new Map(
        layers.slice(0, -1).map(({ weight, shape }, index) => {
          const active = shape[0] - (index === 0 ? masked : 0)
          const deviation = Math.sqrt(2 / Math.max(active, 1))
          return [weight, Float32Array.from({ length: shape[0] * shape[1] }, () => deviation * random.normal())]
        }),
      ),
    of: (tensors: ReadonlyMap<string, Tensor>) =>
      mlp(
        layers.map(({ weight, bias }) => ({
          weight: tensors.get(weight) as Tensor2D,
          bias: tensors.get(bias) as Tensor1D,
        })),
      ),
    /** Whether its output is zero for every input, as at the start of a fit: a coupling is then the identity. */
    isZero: (weights: Weights) => {
      const { weight, bias } = layers.at(-1)!
      return [weight, bias].every((name) => weights.get(name)!.data.every((number) => number === 0))
    },
    /**
     * @param input    columns
     * @param slice    which inputs these columns are, and which outputs come out
     * @returns columns
     */
    toGraph: (graph: OnnxGraph, input: string, weights: Weights, slice: ConditionerSlice): string => {
      let columns = input
      layers.forEach(({ weight, bias, shape }, index) => {
        const isLast = index === layers.length - 1
        const rows = (index === 0 && slice.inputs) || [...Array(shape[0]).keys()]
        const kept = (isLast && slice.outputs) || [...Array(shape[1]).keys()]
        const scaleOf = (isLast && slice.scaleOf) || (() => 1)
        const [matrix, offset] = [weights.get(weight)!.data, weights.get(bias)!.data]
        const picked = new Float64Array(rows.length * kept.length)
        rows.forEach((row, at) => {
          if (row === undefined) return
          kept.forEach((column, place) => {
            picked[at * kept.length + place] = matrix[row * shape[1] + column]! * scaleOf(column)
          })
        })
        const offsets = Float64Array.from(kept, (column) => offset[column]! * scaleOf(column))
        columns = graph.dense(columns, picked, offsets)
        if (!isLast) columns = graph.node('Relu', [columns])
      })
      return columns
    },
  }
}

/** log-scale = bound·tanh(raw), where raw is r/bound, and scale = exp(log-scale). */
export function boundedScale(graph: OnnxGraph, raw: string, bound: number): { logScale: string; scale: string } {
  const logScale = graph.node('Mul', [graph.node('Tanh', [raw]), graph.scalar(bound)])
  return { logScale, scale: graph.node('Exp', [logScale]) }
}
