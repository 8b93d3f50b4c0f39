import type { Tensor } from '@tensorflow/tfjs-core'
import { baseShapes, unfittedBase } from '../base/bases.js'
import { actnormPart } from '../bijectors/actnorm.js'
import { affineCouplingPart } from '../bijectors/affine-coupling.js'
import type { Bijector } from '../bijectors/bijector.js'
import { halfMasks } from '../bijectors/conditioner/mask.js'
import { contextShiftPart } from '../bijectors/context-shift.js'
import { mixingPart } from '../bijectors/linear-mixing.js'
import type { Part, Shapes } from '../bijectors/part.js'
import { splineCouplingPart } from '../bijectors/spline-coupling.js'
import { ShapeError } from '../errors.js'
import { seededRandom } from '../random.js'
import { sizeOf } from '../tensor/plain.js'
import {
  checkSpec,
  type FlowKind,
  type FlowSpec,
  type FlowState,
  type Weights,
  type WeightTensor,
} from './flow-state.js'

/** The parts of a flow in order: [context shift], then the layers of its kind. */
export function partsOf(spec: FlowSpec): readonly Part[] {
  const layerOf = LAYERS[spec.kind] as (spec: FlowSpec, layer: number) => readonly Part[]
  const layers = Array.from({ length: spec.layers }, (_, layer) => layerOf(spec, layer)).flat()
  return spec.contextDim > 0 ? [contextShiftPart(spec), ...layers] : layers
}

/**
 * The parts of a layer by kind. To add a kind of flow, extend this table and the union of specs.
 *
 * @see RealNVP: Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803
 * @see Glow, here for tables: Kingma & Dhariwal 2018, arXiv:1807.03039
 * @see Splines: Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032
 */
const LAYERS: {
  readonly [Kind in FlowKind]: (spec: Extract<FlowSpec, { kind: Kind }>, layer: number) => readonly Part[]
} = {
  realnvp: (spec, layer) => [actnormPart(layer, spec.dim), affineCouplingPart(layer, spec)],
  glow: (spec, layer) => [actnormPart(layer, spec.dim), mixingPart(layer, spec.dim), affineCouplingPart(layer, spec)],
  spline: (spec, layer) => [actnormPart(layer, spec.dim), mixingPart(layer, spec.dim), splineCouplingPart(layer, spec)],
}

/**
 * The bijectors of a flow in order.
 *
 * @param tensors  the learned weights by name, as `learnedShapes` lists them
 * @param weights  the fixed ones, as `fixedShapes` lists them
 */
export function bijectorsOf(
  spec: FlowSpec,
  tensors: ReadonlyMap<string, Tensor>,
  weights: Weights,
): readonly Bijector[] {
  return partsOf(spec).map((part) => part.bijector(tensors, weights))
}

/** Names and shapes of the learned weights of a flow of this spec, in forward order. */
export function learnedShapes(spec: FlowSpec): Shapes {
  return new Map(partsOf(spec).flatMap(({ learned }) => [...learned]))
}

/** Names and shapes of the weights that training does not change: those drawn from the seed, and the base's. */
export function fixedShapes(spec: FlowSpec): Shapes {
  return new Map([...partsOf(spec).flatMap(({ fixed = [] }) => [...fixed]), ...baseShapes(spec)])
}

/**
 * An untrained flow: masks, rotations and hidden layers are random; last layers and actnorms are zero. It is the identity,
 * or a rotation where the kind has linear mixing.
 */
export function unfittedFlow(spec: FlowSpec, seed: number): FlowState {
  const random = {
    masks: halfMasks(spec.dim, spec.layers, seededRandom(seed, 'masks')),
    weights: seededRandom(seed, 'weights'),
    rotations: seededRandom(seed, 'rotations'),
  }
  const weights = new Map<string, WeightTensor>(unfittedBase(spec))
  for (const { learned, fixed = [], start } of partsOf(spec)) {
    const drawn = start(random)
    for (const [name, shape] of [...fixed, ...learned]) {
      weights.set(name, { shape, data: drawn.get(name) ?? new Float32Array(sizeOf(shape)) })
    }
  }
  return { spec, weights }
}

/**
 * Returns the flow if its spec is valid and its weights are exactly those of the spec, each finite and of the right type and shape.
 *
 * @throws {ShapeError} naming the invalid setting or the first invalid weight
 */
export function checkFlow(flow: FlowState): FlowState {
  checkSpec(flow.spec)
  const wanted = new Map([...learnedShapes(flow.spec), ...fixedShapes(flow.spec)])
  for (const [name, shape] of wanted) {
    const found = flow.weights.get(name)
    if (found === undefined) throw new ShapeError(`a flow of this spec has a weight ${name}, which is missing`)
    if (!(found.data instanceof Float32Array)) throw new ShapeError(`weight ${name} is not an F32 tensor`)
    if (found.shape.join() !== shape.join() || found.data.length !== sizeOf(shape)) {
      throw new ShapeError(`weight ${name} has the shape [${shape}], got [${found.shape}]`)
    }
    if (!found.data.every(Number.isFinite)) throw new ShapeError(`weight ${name} holds a number that is not finite`)
  }
  const foreign = [...flow.weights.keys()].find((name) => !wanted.has(name))
  if (foreign !== undefined) throw new ShapeError(`a flow of this spec has no weight ${foreign}`)
  return flow
}
