import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { plainKernel } from '../tensor/plain-kernel.js'
import type { Numbers, Rows } from '../tensor/rows.js'
import { zeroed } from '../tensor/scratch.js'
import { zeros } from '../tensor/tfjs.js'
import type { Bijector, RowsAndLogDet } from './bijector.js'
import { denseLayers } from './conditioner/dense.js'

/** The fixed weights of a mixing, drawn once from the seed. */
export interface Pivots {
  /** [dim]; row i of W is row order(i) of L·U */
  readonly order: readonly number[]
  /** [dim]; the signs of U's diagonal, 1 or −1 */
  readonly sign: readonly number[]
}

/**
 * Invertible linear mixing of the features, W kept as its PLU factors: Glow's 1×1 convolution, for vectors.
 *
 *     z = W·x      W = P·L·(U + diag(sign⊙exp(s)))      log|det ∂z/∂x| = Σⱼ sⱼ
 *
 * In this form W cannot become singular, its log-det is a sum, and the inverse takes two substitutions.
 *
 * @param factors  [dim, dim], in LAPACK's packed form: L below the diagonal (its diagonal is 1), U above, s on it
 * @returns bijector whose logDet is [batch], in nats
 * @see Kingma & Dhariwal 2018, arXiv:1807.03039, section 3.2
 */
export function mixing(factors: Tensor2D, pivots: Pivots): Bijector {
  const { order, sign } = pivots
  const dim = order.length
  const plain = () => factors.dataSync<'float32'>()
  const logDetOf = (packed: Float32Array) => order.reduce((total, _, at) => total + packed[at * (dim + 1)]!, 0)
  const forwardRows = ({ values, count, width }: Rows): RowsAndLogDet => {
    const packed = plain()
    const z = new Float64Array(values.length)
    for (let from = 0; from < values.length; from += dim) {
      const lower = timesLower(packed, timesUpper(packed, sign, values.subarray(from, from + dim)))
      order.forEach((row, column) => {
        z[from + column] = lower[row]!
      })
    }
    return { value: { values: z, count, width }, logDet: new Float64Array(count).fill(logDetOf(packed)) }
  }
  const inverseAndLogDet = ({ values, count, width }: Rows): RowsAndLogDet => {
    const packed = plain()
    const x = new Float64Array(values.length)
    for (let from = 0; from < values.length; from += dim) {
      const solved = x.subarray(from, from + dim)
      order.forEach((row, column) => {
        solved[row] = values[from + column]!
      })
      solve(packed, sign, solved)
    }
    return { value: { values: x, count, width }, logDet: new Float64Array(count).fill(-logDetOf(packed)) }
  }
  return {
    forwardAndLogDet: (x) => {
      const unpacked = unpack([factors], { ...pivots, count: x.shape[0] })
      const [upper, lower, logDet] = unpacked as [Tensor2D, Tensor2D, Tensor1D]
      const bias: Tensor1D = zeros([dim])
      const factorsOfW = [upper, lower].map((weight) => ({ weight, bias }))
      const mixed = denseLayers(x, factorsOfW, 'linear')
      return { value: mixed, logDet }
    },
    forwardRows,
    inverseAndLogDet,
  }
}

/**
 * The matrix by which rows are multiplied from the right, Wᵀ: [in, out], row-major.
 *
 * @param factors  [dim, dim], packed
 */
export function mixingMatrix(factors: Numbers, { order, sign }: Pivots): Float64Array {
  const dim = order.length
  const matrix = new Float64Array(dim * dim)
  const column = new Float64Array(dim)
  for (let input = 0; input < dim; input++) {
    column.fill(0)
    column[input] = 1
    const mixed = timesLower(factors, timesUpper(factors, sign, column))
    for (let output = 0; output < dim; output++) matrix[input * dim + output] = mixed[order[output]!]!
  }
  return matrix
}

/** (U + diag(sign⊙exp(s)))·x */
function timesUpper(factors: Numbers, sign: readonly number[], x: Float64Array): Float64Array {
  const dim = sign.length
  return x.map((own, row) => {
    let total = own * pivotAt(factors, sign, row)
    for (let column = row + 1; column < dim; column++) total += factors[row * dim + column]! * x[column]!
    return total
  })
}

/** L·y, [dim] */
function timesLower(factors: Numbers, y: Float64Array): Float64Array {
  const dim = y.length
  return y.map((own, row) => {
    let total = own
    for (let column = 0; column < row; column++) total += factors[row * dim + column]! * y[column]!
    return total
  })
}

/** Solves L·(U + diag(sign⊙exp(s)))·x = y for x, in place of y. */
export function solve(factors: Numbers, sign: readonly number[], y: Float64Array): void {
  const dim = sign.length
  for (let row = 0; row < dim; row++) {
    for (let column = 0; column < row; column++) y[row]! -= factors[row * dim + column]! * y[column]!
  }
  for (let row = dim - 1; row >= 0; row--) {
    for (let column = row + 1; column < dim; column++) y[row]! -= factors[row * dim + column]! * y[column]!
    y[row]! /= pivotAt(factors, sign, row)
  }
}

function pivotAt(factors: Numbers, sign: readonly number[], row: number): number {
  return sign[row]! * Math.exp(factors[row * (sign.length + 1)]!)
}

/**
 * factors [dim, dim] → (U + diag(sign⊙exp(s)))ᵀ and (P·L)ᵀ, [dim, dim] each, and Σⱼ sⱼ for each of count rows
 *
 * The backend multiplies rows by both in turn: multiplying the factors first would cost dim³ in this thread.
 */
const unpack = plainKernel<Pivots & { readonly count: number }>({
  forward: ([factors], { order, sign, count }) => {
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
    return {
      outputs: [
        { values: upper, shape: [dim, dim] },
        { values: lower, shape: [dim, dim] },
        { values: zeroed(count).fill(stretch), shape: [count] },
      ],
    }
  },
  backward: ([dUpper, dLower, dLogDet], [factors], { order, sign }) => {
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
