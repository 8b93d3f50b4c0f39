import type { DataId, Tensor } from '@tensorflow/tfjs-core'
import { engine } from './tfjs.js'

/** A tensor's numbers, row-major, with its shape. */
export interface Plain {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** What a tensor holds; not to be written to. */
export function plainOf({ shape, dataId }: Tensor): Plain {
  return { shape, values: written.get(dataId) ?? (engine().readSync(dataId) as Float32Array) }
}

/** A tensor of numbers that nobody writes to any more. */
export function tensorOf({ values, shape }: Plain): Tensor {
  const tensor = engine().makeTensor(values, [...shape], 'float32')
  written.set(tensor.dataId, values)
  return tensor
}

/** Kept beside the tensor, so that what one plain operation wrote the next one reads without a copy out of the backend. */
const written = new WeakMap<DataId, Float32Array>()

/** How many numbers a shape holds. */
export const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
