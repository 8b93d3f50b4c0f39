import type { NamedAttrMap, NamedTensorInfoMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { REGISTERED_AS } from './backend.js'
import { _FusedMatMul, BatchMatMul, engine, getBackend, getKernel, Multiply, Step, Transpose } from './tfjs.js'

export type Activation = 'relu' | 'linear'

/** Matrix operations of dense layers and their gradients, by the fastest kernels of the backend; none is recorded on a tape. */
interface Matrices {
  /** activation(x·W + b) */
  dense(x: Tensor, weight: Tensor, bias: Tensor, activation: Activation): Tensor
  /** Gradient of ReLU: dy where its output is positive, 0 elsewhere. */
  open(dy: Tensor, value: Tensor): Tensor
  /** a⊙b */
  times(a: Tensor, b: Tensor): Tensor
  /** [batch, width] → sum of each column, [width] */
  columnSums(rows: Tensor): Tensor
  /** a·bᵀ */
  timesTransposed(a: Tensor, b: Tensor): Tensor
  /** aᵀ·b */
  transposedTimes(a: Tensor, b: Tensor): Tensor
}

/** The operations for the open backend. */
export function matrices(): Matrices {
  return getBackend() === REGISTERED_AS.wasm ? onWasm : onNative
}

/**
 * A plain product runs in XNNPACK; a product with transpose flags, which tfjs's own gradients use, is several times slower, so
 * matrices are transposed first. Column sums are a product with a row of ones: ten times faster than a loop in JavaScript.
 */
const onWasm: Matrices = {
  dense: (x, weight, bias, activation) => {
    // tfjs's fused kernel takes matrices as batches of one.
    const product = runWasm(
      _FusedMatMul,
      { a: inBatch(x), b: inBatch(weight), bias },
      { transposeA: false, transposeB: false, activation },
    )
    return tensorOf({ ...product, shape: [x.shape[0]!, weight.shape[1]!] })
  },
  open: (dy, value) => {
    const isOpen = runWasm(Step, { x: value }, { alpha: 0 })
    const opened = runWasm(Multiply, { a: dy, b: isOpen })
    freeOnWasm(isOpen)
    return tensorOf(opened)
  },
  times: (a, b) => tensorOf(runWasm(Multiply, { a, b })),
  columnSums: (rows) => {
    const [count, width] = rows.shape as [number, number]
    const ones = tensorOf({
      dataId: engine().backend.write(new Float32Array(count).fill(1), [1, count], 'float32'),
      shape: [1, count],
      dtype: 'float32',
    })
    const sums = productOnWasm(ones, rows)
    ones.dispose()
    return tensorOf({ ...sums, shape: [width] })
  },
  timesTransposed: (a, b) => {
    const turned = transposeOnWasm(b)
    const product = productOnWasm(a, turned)
    freeOnWasm(turned)
    return tensorOf(product)
  },
  transposedTimes: (a, b) => {
    const turned = transposeOnWasm(a)
    const product = productOnWasm(turned, b)
    freeOnWasm(turned)
    return tensorOf(product)
  },
}

const transposeOnWasm = (x: TensorInfo) => runWasm(Transpose, { x }, { perm: [1, 0] })

const productOnWasm = (a: TensorInfo, b: TensorInfo) =>
  runWasm(BatchMatMul, { a, b }, { transposeA: false, transposeB: false })

const freeOnWasm = ({ dataId }: TensorInfo) => engine().backend.disposeData(dataId)

function inBatch({ dataId, dtype, shape }: TensorInfo): TensorInfo {
  return { dataId, dtype, shape: [1, ...shape] }
}

/** Calls a kernel directly: tfjs's bookkeeping for scopes and tapes costs as much as a small product. */
function runWasm(name: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap = {}): TensorInfo {
  const { kernelFunc } = getKernel(name, REGISTERED_AS.wasm)
  return kernelFunc({ inputs, attrs, backend: engine().backend }) as TensorInfo
}

function tensorOf(info: TensorInfo): Tensor {
  return engine().makeTensorFromTensorInfo(info)
}

const onNative: Matrices = {
  dense: (x, weight, bias, activation) => {
    const product = runNative('MatMul', [x, weight])
    const sum = runNative('BiasAdd', [product, bias])
    product.dispose()
    if (activation === 'linear') return sum
    const open = runNative('Relu', [sum])
    sum.dispose()
    return open
  },
  open: (dy, value) => runNative('ReluGrad', [dy, value]),
  times: (a, b) => runNative('Mul', [a, b]),
  columnSums: (rows) => runNative('BiasAddGrad', [rows]),
  timesTransposed: (a, b) => runNative('MatMul', [a, b], ['transpose_b']),
  transposedTimes: (a, b) => runNative('MatMul', [a, b], ['transpose_a']),
}

/**
 * Runs one TensorFlow operation by its native name, because tfjs has no kernel for several that dense layers need. Attributes
 * that are not named are inferred from the inputs or false.
 */
function runNative(name: string, inputs: readonly TensorInfo[], flags: readonly string[] = []): Tensor {
  const { binding, executeSingleOutput } = engine().backend as unknown as NativeBackend
  const attributes = flags.map((name) => ({ name, type: binding.TF_ATTR_BOOL, value: true }))
  return executeSingleOutput.call(engine().backend, name, attributes, inputs)
}

/** The part of tfjs-node's backend that is used here. The package is optional, so its types cannot be imported. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_BOOL: number }
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly TensorInfo[]): Tensor
}
