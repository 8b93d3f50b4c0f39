import {
  _FusedMatMul,
  engine,
  getBackend,
  getKernel,
  type KernelBackend,
  matMul,
  mul,
  type NamedTensorInfoMap,
  ones,
  registerGradient,
  registerKernel,
  reshape,
  step,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type TensorInfo,
  transpose,
} from '@tensorflow/tfjs-core'
import { REGISTERED_AS } from './backend.js'
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

/** A kernel of our own, because tfjs's `fused.matMul` falls apart into operations while a gradient is being taken. */
function makeDense(activation: Activation): (x: Tensor2D, layer: DenseWeights) => Tensor2D {
  const kernelName = `OutflowDense_${activation}`
  for (const [backendName, forward] of [
    [REGISTERED_AS.wasm, forwardOnWasm],
    [REGISTERED_AS['tfjs-node'], forwardOnNative],
  ] as const) {
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, backend }) => forward(inputs, backend as KernelBackend, activation),
    })
  }
  registerGradient({
    kernelName,
    inputsToSave: ['x', 'weight'],
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const [x, weight, value] = saved as [Tensor2D, Tensor2D, Tensor2D]
      const { open, columnSums, timesTransposed, transposedTimes } =
        getBackend() === REGISTERED_AS.wasm ? onWasm : onNative
      const slope = activation === 'relu' ? open(dy as Tensor, value) : (dy as Tensor)
      return {
        x: () => timesTransposed(slope, weight),
        weight: () => transposedTimes(x, slope),
        bias: () => columnSums(slope),
      }
    },
  })
  return (x, { weight, bias }) => engine().runKernel(kernelName, { x, weight, bias }) as Tensor2D
}

/** tfjs's fused kernel in XNNPACK, which takes matrices as batches of one. */
function forwardOnWasm({ x, weight, bias }: NamedTensorInfoMap, backend: KernelBackend, activation: Activation) {
  const inBatch = (matrix: TensorInfo) => ({
    ...matrix,
    dtype: matrix.dtype,
    dataId: matrix.dataId,
    shape: [1, ...matrix.shape],
  })
  const product = getKernel(_FusedMatMul, REGISTERED_AS.wasm).kernelFunc({
    inputs: { a: inBatch(x!), b: inBatch(weight!), bias: bias! },
    backend,
    attrs: { transposeA: false, transposeB: false, activation },
  }) as TensorInfo
  return { ...product, shape: [x!.shape[0]!, weight!.shape[1]!] }
}

function forwardOnNative({ x, weight, bias }: NamedTensorInfoMap, _: KernelBackend, activation: Activation) {
  const product = runNative('MatMul', [x!, weight!], { transpose_a: false, transpose_b: false })
  const sum = runNative('BiasAdd', [product, bias!])
  product.dispose()
  if (activation === 'linear') return sum
  const open = runNative('Relu', [sum])
  sum.dispose()
  return open
}

/** What the gradient is computed by, as each backend does it fastest. */
interface Backward {
  /** dy where a ReLU was open, 0 where it was shut, by what it gave. */
  open(dy: Tensor, value: Tensor): Tensor
  /** [batch, width] → what each column adds up to, [width] */
  columnSums(rows: Tensor): Tensor
  /** a·bᵀ */
  timesTransposed(a: Tensor, b: Tensor): Tensor
  /** aᵀ·b */
  transposedTimes(a: Tensor, b: Tensor): Tensor
}

/**
 * A plain matMul runs in XNNPACK; one with transpose flags, as tfjs's own gradients use, in a loop several times slower. A row of
 * ones adds columns up in a tenth of the time of a loop in JavaScript; tfjs's own sum over rows transposes first.
 */
const onWasm: Backward = {
  open: (dy, value) => mul(dy, step(value)),
  columnSums: (rows) => reshape(matMul(ones([1, rows.shape[0]!]), rows), [rows.shape[1]!]),
  timesTransposed: (a, b) => matMul(a, transpose(b)),
  transposedTimes: (a, b) => matMul(transpose(a), b),
}

const onNative: Backward = {
  open: (dy, value) => runNative('ReluGrad', [dy, value]),
  columnSums: (rows) => runNative('BiasAddGrad', [rows]),
  timesTransposed: (a, b) => runNative('MatMul', [a, b], { transpose_a: false, transpose_b: true }),
  transposedTimes: (a, b) => runNative('MatMul', [a, b], { transpose_a: true, transpose_b: false }),
}

/** One operation of the TensorFlow library by its own name: several that a dense layer wants, tfjs has no kernel of. */
function runNative(name: string, inputs: readonly TensorInfo[], flags: Readonly<Record<string, boolean>> = {}): Tensor {
  const { binding, executeSingleOutput } = engine().backend as unknown as NativeBackend
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    ...Object.entries(flags).map(([flag, value]) => ({ name: flag, type: binding.TF_ATTR_BOOL, value })),
  ]
  return executeSingleOutput.call(engine().backend, name, attributes, inputs)
}

/** What is used of tfjs-node's backend, which is an optional package and so can not be imported. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number; readonly TF_ATTR_BOOL: number; readonly TF_FLOAT: number }
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly TensorInfo[]): Tensor
}
