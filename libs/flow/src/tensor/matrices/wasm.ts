import type { NamedAttrMap, NamedTensorInfoMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { REGISTERED_AS } from '../backend.js'
import { core } from '../tfjs.js'
import type { Matrices } from './matrix-operations.js'

/**
 * A plain product runs in XNNPACK; a product with transpose flags, which tfjs's own gradients use, is several times slower, so
 * matrices are transposed first. Column sums are a product with a row of ones: ten times faster than a loop in JavaScript.
 */
export const wasmMatrices: Matrices = {
  dense: (x, weight, bias, activation) => {
    // tfjs's fused kernel takes matrices as batches of one.
    const product = runWasm(
      '_FusedMatMul',
      { a: inBatch(x), b: inBatch(weight), bias },
      { transposeA: false, transposeB: false, activation },
    )
    return tensorOf({ ...product, shape: [x.shape[0]!, weight.shape[1]!] })
  },
  reluGradient: (dy, value) => {
    const isPositive = runWasm('Step', { x: value }, { alpha: 0 })
    const gradient = runWasm('Multiply', { a: dy, b: isPositive })
    freeOnWasm(isPositive)
    return tensorOf(gradient)
  },
  columnSums: (rows) => {
    const [count, width] = rows.shape as [number, number]
    const ones = tensorOf({
      dataId: core().engine().backend.write(new Float32Array(count).fill(1), [1, count], 'float32'),
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

const transposeOnWasm = (x: TensorInfo) => runWasm('Transpose', { x }, { perm: [1, 0] })

const productOnWasm = (a: TensorInfo, b: TensorInfo) =>
  runWasm('BatchMatMul', { a, b }, { transposeA: false, transposeB: false })

const freeOnWasm = ({ dataId }: TensorInfo) => core().engine().backend.disposeData(dataId)

function inBatch({ dataId, dtype, shape }: TensorInfo): TensorInfo {
  return { dataId, dtype, shape: [1, ...shape] }
}

/** Calls a kernel directly: tfjs's bookkeeping for scopes and tapes costs as much as a small product. */
function runWasm(name: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap = {}): TensorInfo {
  const { kernelFunc } = core().getKernel(name, REGISTERED_AS.wasm)
  return kernelFunc({ inputs, attrs, backend: core().engine().backend }) as TensorInfo
}

function tensorOf(info: TensorInfo): Tensor {
  return core().engine().makeTensorFromTensorInfo(info)
}
