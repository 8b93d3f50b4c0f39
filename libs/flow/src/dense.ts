import {
  _FusedMatMul,
  customGrad,
  engine,
  getBackend,
  matMul,
  mul,
  reshape,
  sign,
  step,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  transpose,
} from '@tensorflow/tfjs-core'
import { REGISTERED_AS } from './backend.js'
import { plainKernel } from './plain-kernel.js'
import type { Rows } from './rows.js'

/** One dense layer's weight [in, out] and bias [out]. */
export interface DenseWeights {
  readonly weight: Tensor2D
  readonly bias: Tensor1D
}

/** relu(x·W + b), [batch, in] → [batch, out]. */
export const denseRelu = makeDense('relu')

/** x·W + b, [batch, in] → [batch, out]. */
export const denseLinear = makeDense('linear')

function makeDense(activation: Activation): (x: Tensor2D, layer: DenseWeights) => Tensor2D {
  const apply = customGrad((...args) => {
    const [x, weight, bias, save] = args as [Tensor2D, Tensor2D, Tensor1D, (kept: Tensor[]) => void]
    const value = fusedMatMul(x, weight, bias, activation)
    save([x, weight, value])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [x, weight, value] = saved as [Tensor2D, Tensor2D, Tensor2D]
      const { slope, timesTransposed, transposedTimes } = getBackend() === REGISTERED_AS.wasm ? onWasm : onNative
      const open = (activation === 'relu' ? mul(dy, slope(value)) : dy) as Tensor2D
      return [timesTransposed(open, weight), transposedTimes(x, open), ...columnSums([open], {})]
    }
    return { value, gradFunc }
  })
  return (x, { weight, bias }) => apply(x, weight, bias) as Tensor2D
}

/** The same layer in float64, [count, in] → [count, out]. */
export function denseRows(x: Rows, { weight, bias }: DenseWeights, activation: Activation): Rows {
  const [inputs, width] = weight.shape
  const weights = weight.dataSync<'float32'>()
  const offsets = Float64Array.from(bias.dataSync())
  const values = new Float64Array(x.count * width)
  for (let row = 0; row < x.count; row++) {
    const sums = values.subarray(row * width, (row + 1) * width)
    sums.set(offsets)
    for (let input = 0; input < inputs; input++) {
      const given = x.values[row * inputs + input]!
      for (let output = 0; output < width; output++) sums[output]! += given * weights[input * width + output]!
    }
    if (activation === 'relu') for (let output = 0; output < width; output++) sums[output] = Math.max(sums[output]!, 0)
  }
  return { values, count: x.count, width }
}

type Activation = 'relu' | 'linear'

/** What the gradient is computed by, as each backend does it fastest. */
interface Backward {
  /** 1 where a ReLU was open, 0 where it was shut, from what it gave. */
  slope(value: Tensor2D): Tensor
  /** a·bᵀ */
  timesTransposed(a: Tensor2D, b: Tensor2D): Tensor2D
  /** aᵀ·b */
  transposedTimes(a: Tensor2D, b: Tensor2D): Tensor2D
}

/** A plain matMul runs in XNNPACK; one with transpose flags, as tfjs's own gradients use, in a loop several times slower. */
const onWasm: Backward = {
  slope: (value) => step(value),
  timesTransposed: (a, b) => matMul(a, transpose(b)),
  transposedTimes: (a, b) => matMul(transpose(a), b),
}

/** The native library takes the flags as they come; `step` is six operations there, and a ReLU's sign is its slope. */
const onNative: Backward = {
  slope: (value) => sign(value),
  timesTransposed: (a, b) => matMul(a, b, false, true),
  transposedTimes: (a, b) => matMul(a, b, true, false),
}

/** The kernel itself: tfjs's own `fused.matMul` falls apart into three operations while a gradient is being taken. */
function fusedMatMul(x: Tensor2D, weight: Tensor2D, bias: Tensor1D, activation: Activation): Tensor2D {
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
