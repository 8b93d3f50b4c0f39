import type { Tensor2D } from '@tensorflow/tfjs-core'
import { ShapeError } from '../errors.js'
import type { Weights } from '../flows/flow-state.js'
import { stacked } from '../onnx/pieces.js'
import { mixing, mixingMatrix, type Pivots } from './linear-mixing.js'
import type { Part } from './part.js'
import { factorised, randomRotation } from './random-rotation.js'

/** The linear mixing of a layer, initialised as a random rotation; the ONNX graph multiplies by the whole matrix. */
export function mixingPart(layer: number, dim: number): Part {
  const prefix = `layers.${layer}.mixing`
  const [factors, order, sign] = [`${prefix}.factors`, `${prefix}.order`, `${prefix}.sign`]
  const pivotsOf = (weights: Weights): Pivots => {
    const pivots = { order: [...weights.get(order)!.data], sign: [...weights.get(sign)!.data] }
    const isPermutation = pivots.order.every((row) => row in pivots.order) && new Set(pivots.order).size === dim
    if (!isPermutation || !pivots.sign.every((number) => Math.abs(number) === 1)) {
      throw new ShapeError(`the mixing of layer ${layer} must have each row once and signs of 1 or −1`)
    }
    return pivots
  }
  return {
    learned: new Map([[factors, [dim, dim]]]),
    fixed: new Map([
      [order, [dim]],
      [sign, [dim]],
    ]),
    start: ({ rotations }) => {
      const start = factorised(randomRotation(dim, rotations), dim)
      return new Map([
        [factors, Float32Array.from(start.factors)],
        [order, Float32Array.from(start.order)],
        [sign, Float32Array.from(start.sign)],
      ])
    },
    bijector: (tensors, weights) => mixing(tensors.get(factors) as Tensor2D, pivotsOf(weights)),
    toGraph: (graph, { pieces }, weights) => {
      const { data } = weights.get(factors)!
      let constant = 0
      for (let row = 0; row < dim; row++) constant += data[row * (dim + 1)]!
      const matrix = mixingMatrix(data, pivotsOf(weights))
      const { columns, features } = stacked(graph, pieces)
      const rows = features.flatMap((feature) => [...matrix.subarray(feature * dim, (feature + 1) * dim)])
      const mixed = graph.dense(columns, Float64Array.from(rows), new Float64Array(dim))
      return { pieces: [{ columns: mixed, features: [...Array(dim).keys()] }], constant }
    },
  }
}
