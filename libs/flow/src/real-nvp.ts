import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { actnorm } from './actnorm.js'
import type { Bijector } from './bijector.js'
import { chain } from './chain.js'
import { mlp } from './conditioner.js'
import { contextShift } from './context-shift.js'
import { affineCoupling } from './coupling.js'
import type { DenseWeights } from './dense.js'
import { ShapeError } from './errors.js'
import type { FlowSpec, FlowState, WeightTensor } from './flow-state.js'
import { halfMasks, type Mask } from './mask.js'
import { seededRandom } from './random.js'

/** RealNVP for tables: the chain of `realNvpLayers`. */
export function realNvp(spec: FlowSpec, tensors: ReadonlyMap<string, Tensor>, masks: readonly Mask[]): Bijector {
  return chain(realNvpLayers(spec, tensors, masks))
}

/**
 * The bijectors of a RealNVP in order: [context shift], then layers × [actnorm, affine coupling].
 *
 * @param tensors  the learned weights by name, as `learnedShapes` lists them
 * @param masks    one mask of [dim] per layer
 * @see Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803
 */
export function realNvpLayers(
  spec: FlowSpec,
  tensors: ReadonlyMap<string, Tensor>,
  masks: readonly Mask[],
): readonly Bijector[] {
  const conditioner = (prefix: string) =>
    mlp(
      Array.from(
        { length: spec.hidden.length + 1 },
        (_, index): DenseWeights => ({
          weight: tensors.get(`${prefix}.${index}.weight`) as Tensor2D,
          bias: tensors.get(`${prefix}.${index}.bias`) as Tensor1D,
        }),
      ),
    )
  const layers = masks.flatMap((mask, layer) => [
    actnorm(
      tensors.get(`layers.${layer}.actnorm.bias`) as Tensor1D,
      tensors.get(`layers.${layer}.actnorm.logScale`) as Tensor1D,
    ),
    affineCoupling(mask, conditioner(`layers.${layer}.conditioner`), spec.scaleBound),
  ])
  return spec.contextDim > 0 ? [contextShift(conditioner('base')), ...layers] : layers
}

/** Names and shapes of everything a flow of this spec learns, in the order of the way forward. */
export function learnedShapes(spec: FlowSpec): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>()
  const conditioner = (prefix: string, inputs: number) => {
    const widths = [inputs, ...spec.hidden, 2 * spec.dim]
    for (let index = 0; index + 1 < widths.length; index++) {
      shapes.set(`${prefix}.${index}.weight`, [widths[index]!, widths[index + 1]!])
      shapes.set(`${prefix}.${index}.bias`, [widths[index + 1]!])
    }
  }
  if (spec.contextDim > 0) conditioner('base', spec.contextDim)
  for (let layer = 0; layer < spec.layers; layer++) {
    shapes.set(`layers.${layer}.actnorm.bias`, [spec.dim])
    shapes.set(`layers.${layer}.actnorm.logScale`, [spec.dim])
    conditioner(`layers.${layer}.conditioner`, spec.dim + spec.contextDim)
  }
  return shapes
}

/**
 * A flow that is the identity: random masks and hidden layers (He), last layers and actnorms at zero.
 *
 * The first layer's variance counts the inputs that a mask lets through, not those that it zeroes.
 */
export function unfittedFlow(spec: FlowSpec, seed: number): FlowState {
  const weights = new Map<string, WeightTensor>()
  halfMasks(spec.dim, spec.layers, seededRandom(seed, 'masks')).forEach((mask, layer) => {
    weights.set(maskName(layer), { shape: [spec.dim], data: Float32Array.from(mask) })
  })
  const random = seededRandom(seed, 'weights')
  for (const [name, shape] of learnedShapes(spec)) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
    const [, prefix, index] = /^(.*)\.(\d+)\.weight$/.exec(name) ?? []
    if (prefix !== undefined && Number(index) < spec.hidden.length) {
      const mask = weights.get(`${prefix.replace(/\.conditioner$/, '')}.mask`)
      const silenced = mask !== undefined && index === '0' ? mask.data.filter((held) => held === 0).length : 0
      const deviation = Math.sqrt(2 / Math.max(shape[0]! - silenced, 1))
      for (let at = 0; at < data.length; at++) data[at] = deviation * random.normal()
    }
    weights.set(name, { shape, data })
  }
  return { spec, weights }
}

/** The masks of a flow, one a layer. */
export function masksOf(flow: FlowState): readonly Mask[] {
  return Array.from({ length: flow.spec.layers }, (_, layer) =>
    Array.from(flow.weights.get(maskName(layer))!.data, (held) => (held === 1 ? 1 : 0)),
  )
}

export const maskName = (layer: number) => `layers.${layer}.mask`

/**
 * Gives a flow back when it has every weight that its spec asks for, in the right shape, finite, and nothing else.
 *
 * @throws {ShapeError} naming the first weight that is amiss
 */
export function checkFlow(flow: FlowState): FlowState {
  const wanted = new Map(learnedShapes(flow.spec))
  for (let layer = 0; layer < flow.spec.layers; layer++) wanted.set(maskName(layer), [flow.spec.dim])
  for (const [name, shape] of wanted) {
    const found = flow.weights.get(name)
    const size = shape.reduce((product, length) => product * length, 1)
    if (found === undefined) throw new ShapeError(`a flow of this spec has a weight ${name}, which is missing`)
    if (found.shape.join() !== shape.join() || found.data.length !== size) {
      throw new ShapeError(`weight ${name} has the shape [${shape}], got [${found.shape}]`)
    }
    if (!found.data.every(Number.isFinite)) throw new ShapeError(`weight ${name} holds a number that is not finite`)
  }
  const foreign = [...flow.weights.keys()].find((name) => !wanted.has(name))
  if (foreign !== undefined) throw new ShapeError(`a flow of this spec has no weight ${foreign}`)
  return flow
}
