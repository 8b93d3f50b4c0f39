import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { core } from '../tfjs.js'
import type { Matrices } from './matrix-operations.js'

/** TensorFlow's own operations, without tfjs's bookkeeping around each. */
export const nativeMatrices: Matrices = {
  dense: (x, weight, bias, activation) => {
    const product = runNative('MatMul', [x, weight])
    const sum = runNative('BiasAdd', [product, bias])
    product.dispose()
    if (activation === 'linear') return sum
    const rectified = runNative('Relu', [sum])
    sum.dispose()
    return rectified
  },
  reluGradient: (dy, value) => runNative('ReluGrad', [dy, value]),
  columnSums: (rows) => runNative('BiasAddGrad', [rows]),
  timesTransposed: (a, b) => runNative('MatMul', [a, b], ['transpose_b']),
  transposedTimes: (a, b) => runNative('MatMul', [a, b], ['transpose_a']),
}

/**
 * Runs one TensorFlow operation by its native name, because tfjs has no kernel for several that dense layers need. Attributes
 * that are not named are inferred from the inputs or false.
 */
function runNative(name: string, inputs: readonly TensorInfo[], flags: readonly string[] = []): Tensor {
  const { binding, executeSingleOutput } = core().engine().backend as unknown as NativeBackend
  const attributes = flags.map((name) => ({ name, type: binding.TF_ATTR_BOOL, value: true }))
  return executeSingleOutput.call(core().engine().backend, name, attributes, inputs)
}

/** The part of tfjs-node's backend that is used here. The package is optional, so its types cannot be imported. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_BOOL: number }
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly TensorInfo[]): Tensor
}
