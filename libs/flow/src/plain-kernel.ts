import {
  type DataId,
  engine,
  type NamedAttrMap,
  type NamedTensorMap,
  registerGradient,
  registerKernel,
  type Tensor,
  type TensorInfo,
  tensor,
} from '@tensorflow/tfjs-core'
import { REGISTERED_AS } from './backend.js'

/** A tensor's numbers, row-major, with its shape. */
export interface Plain {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** An operation over plain arrays, and its gradient. */
export interface PlainKernel<Attributes extends NamedAttrMap> {
  /** Unique among all kernels of the process. */
  readonly name: string
  /** From the inputs, in order, to the outputs. */
  forward(inputs: readonly Plain[], attributes: Attributes): readonly Plain[]
  /**
   * From the gradients by the outputs to those by the inputs; an input without one takes none. Default: not differentiable.
   *
   * @param outputs  what `forward` gave
   */
  backward?(
    gradients: readonly Plain[],
    inputs: readonly Plain[],
    attributes: Attributes,
    outputs: () => readonly Plain[],
  ): readonly (Float32Array | undefined)[]
}

/**
 * Makes a kernel of TensorFlow.js, on either backend, from an operation over plain arrays.
 *
 * The element-by-element parts of a flow are a few hundred numbers a batch and layer: as tensor operations each would be
 * launched twenty times, there and back, for less arithmetic than one launch costs. As one kernel apiece they run in
 * JavaScript, in float64, and a fit step takes half the time; the matrix products stay with the backend.
 */
export function plainKernel<Attributes extends NamedAttrMap>(
  kernel: PlainKernel<Attributes>,
): (inputs: readonly Tensor[], attributes: Attributes) => Tensor[] {
  const { name, forward, backward } = kernel
  for (const backendName of Object.values(REGISTERED_AS)) {
    registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: ({ inputs, backend, attrs }) => {
        const { readSync, write } = storageOf(backend)
        const plains = Object.values(inputs).map((info) => ({ shape: info!.shape, values: readSync(info!.dataId) }))
        return forward(plains, attrs as Attributes).map(
          ({ values, shape }): TensorInfo => ({
            dataId: write(values, [...shape]),
            shape: [...shape],
            dtype: 'float32',
          }),
        )
      },
    })
  }
  if (backward !== undefined) {
    registerGradient({
      kernelName: name,
      saveAllInputs: true,
      outputsToSave: new Array(MOST_OUTPUTS).fill(true),
      gradFunc: (dy, saved, attributes) => {
        const slopes = [dy].flat()
        const inputs = saved.slice(0, -slopes.length).map(plainOf)
        const outputs = () => saved.slice(-slopes.length).map(plainOf)
        const gradients = backward(slopes.map(plainOf), inputs, attributes as Attributes, outputs)
        return Object.fromEntries(
          gradients.map((values, index) => [index, () => tensor(values!, [...inputs[index]!.shape])]),
        )
      },
    })
  }
  // tfjs takes an array for a map where a gradient needs all inputs, as its own concat does.
  return (inputs, attributes) => engine().runKernel(name, inputs as unknown as NamedTensorMap, attributes) as Tensor[]
}

/** All of them are saved; tfjs wants a flag for each, and takes some too many. */
const MOST_OUTPUTS = 8

function plainOf(held: Tensor): Plain {
  return { shape: held.shape, values: held.dataSync<'float32'>() }
}

/** Reading and writing of float32 tensors, which every backend of tfjs has. */
function storageOf(backend: object) {
  const storage = backend as {
    readSync(dataId: DataId): Float32Array
    write(values: Float32Array, shape: number[], dtype: 'float32'): DataId
  }
  return {
    readSync: (dataId: DataId) => storage.readSync(dataId),
    write: (values: Float32Array, shape: number[]) => storage.write(values, shape, 'float32'),
  }
}
