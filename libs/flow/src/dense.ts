import {
  _FusedMatMul,
  customGrad,
  engine,
  matMul,
  mul,
  reshape,
  step,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  transpose,
} from '@tensorflow/tfjs-core'
import { plainKernel } from './plain-kernel.js'

/** One dense layer's weight [in, out] and bias [out]. */
export interface DenseWeights {
  readonly weight: Tensor2D
  readonly bias: Tensor1D
}

/** relu(x·W + b), [batch, in] → [batch, out]. */
export const denseRelu = makeDense('relu')

/** x·W + b, [batch, in] → [batch, out]. */
export const denseLinear = makeDense('linear')

/**
 * A dense layer whose gradient transposes first and then multiplies plainly: on the wasm backend a plain matMul runs in
 * XNNPACK, while one with transpose flags, which tfjs's own gradient uses, falls to a loop several times slower.
 */
function makeDense(activation: 'relu' | 'linear'): (x: Tensor2D, layer: DenseWeights) => Tensor2D {
  const apply = customGrad((...args) => {
    const [x, weight, bias, save] = args as [Tensor2D, Tensor2D, Tensor1D, (kept: Tensor[]) => void]
    const value = fusedMatMul(x, weight, bias, activation)
    save([x, weight, value])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [x, weight, value] = saved as [Tensor2D, Tensor2D, Tensor2D]
      const open = (activation === 'relu' ? mul(dy, step(value)) : dy) as Tensor2D
      return [matMul(open, transpose(weight)), matMul(transpose(x), open), ...columnSums([open], {})]
    }
    return { value, gradFunc }
  })
  return (x, { weight, bias }) => apply(x, weight, bias) as Tensor2D
}

/** The kernel itself: tfjs's own `fused.matMul` falls apart into three operations while a gradient is being taken. */
function fusedMatMul(x: Tensor2D, weight: Tensor2D, bias: Tensor1D, activation: 'relu' | 'linear'): Tensor2D {
  const a = reshape(x, [1, ...x.shape])
  const b = reshape(weight, [1, ...weight.shape])
  const attributes = { transposeA: false, transposeB: false, activation }
  const product = engine().runKernel(_FusedMatMul, { a, b, bias }, attributes) as Tensor
  return reshape(product, [x.shape[0], weight.shape[1]])
}

/** [batch, width] → what each column adds up to, [width]; tfjs's own sum over rows transposes first */
const columnSums = plainKernel({
  name: 'OutflowColumnSums',
  forward: ([rows]) => {
    const { values, shape } = rows!
    const width = shape[1]!
    const sums = new Float32Array(width)
    for (let column = 0; column < width; column++) {
      let total = 0
      for (let at = column; at < values.length; at += width) total += values[at]!
      sums[column] = total
    }
    return [{ values: sums, shape: [width] }]
  },
})
