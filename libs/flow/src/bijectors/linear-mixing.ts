import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { ShapeError } from '../errors.js'
import type { Weights } from '../flows/flow-state.js'
import { stacked } from '../onnx/pieces.js'
import { tensorOf } from '../tensor/plain.js'
import { type PlainOperation, runPlain } from '../tensor/run-plain.js'
import { zeroed } from '../tensor/scratch.js'
import type { Bijector } from './bijector.js'
import { denseLayers } from './conditioner/dense.js'
import type { Part } from './part.js'
import { factorised, logDetOf, mixedRows, mixingMatrix, type Pivots, pivotAt, solvedRows } from './plu.js'
import { randomRotation } from './random-rotation.js'

/**
 * Invertible linear mixing of the features, W kept as its PLU factors: Glow's 1×1 convolution, for vectors.
 *
 *     z = W·x      W = P·L·(U + diag(sign⊙exp(s)))      log|det ∂z/∂x| = Σⱼ sⱼ
 *
 * In this form W cannot become singular, its log-det is a sum, and the inverse takes two substitutions.
 *
 * @param factors  [dim, dim], packed as by `factorised`
 * @returns bijector whose logDet is [batch], in nats
 * @see Kingma & Dhariwal 2018, arXiv:1807.03039, section 3.2
 */
export function mixing(factors: Tensor2D, pivots: Pivots): Bijector {
  const dim = pivots.order.length
  const packed = () => factors.dataSync<'float32'>()
  return {
    forwardAndLogDet: (x) => {
      const unpacked = runPlain([factors], unpack(pivots, x.shape[0]))
      const [upper, lower, logDet] = unpacked as [Tensor2D, Tensor2D, Tensor1D]
      const bias = tensorOf({ values: zeroed(dim), shape: [dim] }) as Tensor1D
      const factorsOfW = [upper, lower].map((weight) => ({ weight, bias }))
      const mixed = denseLayers(x, factorsOfW, 'linear')
      return { value: mixed, logDet }
    },
    forwardRows: (x) => {
      const own = packed()
      const values = mixedRows(own, pivots, x.values)
      return { value: { ...x, values }, logDet: new Float64Array(x.count).fill(logDetOf(own, dim)) }
    },
    inverseAndLogDet: (z) => {
      const own = packed()
      const values = solvedRows(own, pivots, z.values)
      return { value: { ...z, values }, logDet: new Float64Array(z.count).fill(-logDetOf(own, dim)) }
    },
  }
}

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
      const matrix = mixingMatrix(data, pivotsOf(weights))
      const { columns, features } = stacked(graph, pieces)
      const rows = features.flatMap((feature) => [...matrix.subarray(feature * dim, (feature + 1) * dim)])
      const mixed = graph.dense(columns, Float64Array.from(rows), new Float64Array(dim))
      return { pieces: [{ columns: mixed, features: [...Array(dim).keys()] }], logDetConstant: logDetOf(data, dim) }
    },
  }
}

/**
 * factors [dim, dim] → (U + diag(sign⊙exp(s)))ᵀ and (P·L)ᵀ, [dim, dim] each, and Σⱼ sⱼ for each of count rows
 *
 * The backend multiplies rows by both in turn: multiplying the factors first would cost dim³ in this thread.
 */
const unpack = ({ order, sign }: Pivots, count: number): PlainOperation => ({
  forward: ([factors]) => {
    const { values } = factors!
    const dim = order.length
    const upper = zeroed(dim * dim)
    const lower = zeroed(dim * dim)
    let stretch = 0
    order.forEach((row, output) => {
      for (let column = 0; column < row; column++) lower[column * dim + output] = values[row * dim + column]!
      lower[row * dim + output] = 1
      upper[row * (dim + 1)] = pivotAt(values, sign, row)
      for (let column = row + 1; column < dim; column++) upper[column * dim + row] = values[row * dim + column]!
      stretch += values[row * (dim + 1)]!
    })
    return [
      { values: upper, shape: [dim, dim] },
      { values: lower, shape: [dim, dim] },
      { values: zeroed(count).fill(stretch), shape: [count] },
    ]
  },
  backward: ([dUpper, dLower, dLogDet], [factors]) => {
    const dim = order.length
    const dStretch = dLogDet!.values.reduce((total, slope) => total + slope, 0)
    const dFactors = zeroed(dim * dim)
    order.forEach((row, output) => {
      for (let column = 0; column < row; column++) {
        dFactors[row * dim + column] = dLower!.values[column * dim + output]!
      }
      const pivot = pivotAt(factors!.values, sign, row)
      dFactors[row * (dim + 1)] = dUpper!.values[row * (dim + 1)]! * pivot + dStretch
      for (let column = row + 1; column < dim; column++) {
        dFactors[row * dim + column] = dUpper!.values[column * dim + row]!
      }
    })
    return [dFactors]
  },
})
