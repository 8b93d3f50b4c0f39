import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { type Conditioner, mlp } from '../conditioner.js'
import type { Weights } from '../flow-state.js'
import type { OnnxGraph } from '../onnx-graph.js'
import type { Random } from '../random.js'
import type { Shapes } from './part.js'

/** What a part needs of the conditioner in it. */
export interface ConditionerPart {
  readonly learned: Shapes
  /**
   * Hidden weights by He; what is left out, the last layer among it, starts at zero.
   *
   * @param silenced  inputs that a mask zeroes, which the first layer's variance does not count
   */
  start(random: Random, silenced?: number): ReadonlyMap<string, Float32Array>
  of(tensors: ReadonlyMap<string, Tensor>): Conditioner
  /**
   * @param input    [batch, inputs]
   * @param sees     whether an input counts; the others' weights become zeros. Default: all do.
   * @param outputs  which outputs come out, in this order; undefined stands for a zero. Default: all.
   */
  toGraph(
    graph: OnnxGraph,
    input: string,
    weights: Weights,
    through?: { sees: (input: number) => boolean; outputs: readonly (number | undefined)[] },
  ): string
}

/** A conditioner whose weights are named `${prefix}.0.weight`, `${prefix}.0.bias`, and so on. */
export function conditionerPart(
  prefix: string,
  { inputs, hidden, outputs }: { inputs: number; hidden: readonly number[]; outputs: number },
): ConditionerPart {
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
    start: (random, silenced = 0) =>
      new Map(
        layers.slice(0, -1).map(({ weight, shape }, index) => {
          const heard = shape[0] - (index === 0 ? silenced : 0)
          const deviation = Math.sqrt(2 / Math.max(heard, 1))
          return [weight, Float32Array.from({ length: shape[0] * shape[1] }, () => deviation * random.normal())]
        }),
      ),
    of: (tensors) =>
      mlp(
        layers.map(({ weight, bias }) => ({
          weight: tensors.get(weight) as Tensor2D,
          bias: tensors.get(bias) as Tensor1D,
        })),
      ),
    toGraph: (graph, input, weights, through) => {
      let value = input
      layers.forEach(({ weight, bias, shape: [rows, columns] }, index) => {
        const isLast = index === layers.length - 1
        const [matrix, offset] = [weights.get(weight)!.data, weights.get(bias)!.data]
        const kept = isLast && through !== undefined ? through.outputs : [...offset.keys()]
        const sees = (row: number) => index > 0 || through === undefined || through.sees(row)
        const folded = Float32Array.from({ length: rows * kept.length }, (_, at) => {
          const [row, column] = [Math.floor(at / kept.length), kept[at % kept.length]]
          return column === undefined || !sees(row) ? 0 : matrix[row * columns + column]!
        })
        const shifts = Float32Array.from(kept, (column) => (column === undefined ? 0 : offset[column]!))
        value = graph.node('Gemm', [
          value,
          graph.tensor(folded, [rows, kept.length]),
          graph.tensor(shifts, [kept.length]),
        ])
        if (!isLast) value = graph.node('Relu', [value])
      })
      return value
    },
  }
}

/** bound·tanh(raw/bound), and exp of it. */
export function boundedScale(graph: OnnxGraph, raw: string, bound: number): { logScale: string; scale: string } {
  const within = graph.node('Tanh', [graph.node('Mul', [raw, graph.scalar(1 / bound)])])
  const logScale = graph.node('Mul', [within, graph.scalar(bound)])
  return { logScale, scale: graph.node('Exp', [logScale]) }
}
