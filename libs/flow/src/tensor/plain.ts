import type { DataId, Tensor } from '@tensorflow/tfjs-core'
import { core } from './tfjs.js'

/** A tensor's numbers, row-major, with its shape. */
export interface Plain {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** The numbers of a tensor; read-only. */
export function plainOf({ shape, dataId }: Tensor): Plain {
  return { shape, values: written.get(dataId) ?? (core().engine().readSync(dataId) as Float32Array) }
}

/** Makes a tensor from numbers, which must not be changed afterwards. */
export function tensorOf({ values, shape }: Plain): Tensor {
  const tensor = core()
    .engine()
    .makeTensor(values, [...shape], 'float32')
  written.set(tensor.dataId, values)
  return tensor
}

/** Numbers by tensor, so that one plain operation reads the result of another without a copy out of the backend. */
const written = new WeakMap<DataId, Float32Array>()

/** Number of elements of a shape. */
export const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
