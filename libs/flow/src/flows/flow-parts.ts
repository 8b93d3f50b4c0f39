import type { Tensor } from '@tensorflow/tfjs-core'
import { baseShapes, unfittedBase } from '../base/bases.js'
import type { Bijector } from '../bijectors/bijector.js'
import { halfMasks } from '../bijectors/conditioner/mask.js'
import { contextShiftPart } from '../bijectors/context-shift-part.js'
import type { Part, Shapes } from '../bijectors/part.js'
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
import { glowLayer } from './glow.js'
import { realNvpLayer } from './real-nvp.js'
import { splineLayer } from './spline-flow.js'

/** The parts of a flow in order: [context shift], then the layers of its kind. */
export function partsOf(spec: FlowSpec): readonly Part[] {
  const layerOf = LAYERS[spec.kind] as (spec: FlowSpec, layer: number) => readonly Part[]
  const layers = Array.from({ length: spec.layers }, (_, layer) => layerOf(spec, layer)).flat()
  return spec.contextDim > 0 ? [contextShiftPart(spec), ...layers] : layers
}

/** A new kind of flow joins here, and in the union of specs. */
const LAYERS: {
  readonly [Kind in FlowKind]: (spec: Extract<FlowSpec, { kind: Kind }>, layer: number) => readonly Part[]
} = { realnvp: realNvpLayer, glow: glowLayer, spline: splineLayer }

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

/** Names and shapes of everything a flow of this spec learns, in the order of the way forward. */
export function learnedShapes(spec: FlowSpec): Shapes {
  return new Map(partsOf(spec).flatMap(({ learned }) => [...learned]))
}

/** Names and shapes of what no step of a fit moves: what the seed alone decides, and the base. */
export function fixedShapes(spec: FlowSpec): Shapes {
  return new Map([...partsOf(spec).flatMap(({ fixed }) => [...fixed]), ...baseShapes(spec)])
}

/**
 * A flow that is the identity, or a rotation where it mixes: random masks, rotations and hidden layers, last layers and
 * actnorms at zero.
 */
export function unfittedFlow(spec: FlowSpec, seed: number): FlowState {
  const luck = {
    masks: halfMasks(spec.dim, spec.layers, seededRandom(seed, 'masks')),
    weights: seededRandom(seed, 'weights'),
    rotations: seededRandom(seed, 'rotations'),
  }
  const weights = new Map<string, WeightTensor>(unfittedBase(spec))
  for (const { learned, fixed, start } of partsOf(spec)) {
    const drawn = start(luck)
    for (const [name, shape] of [...fixed, ...learned]) {
      weights.set(name, { shape, data: drawn.get(name) ?? new Float32Array(sizeOf(shape)) })
    }
  }
  return { spec, weights }
}

/**
 * Gives a flow back when its spec is one, and it has every weight that the spec asks for, in the right shape, finite, and
 * nothing else.
 *
 * @throws {ShapeError} naming what is amiss in the spec, or the first weight that is
 */
export function checkFlow(flow: FlowState): FlowState {
  checkSpec(flow.spec)
  const wanted = new Map([...learnedShapes(flow.spec), ...fixedShapes(flow.spec)])
  for (const [name, shape] of wanted) {
    const found = flow.weights.get(name)
    if (found === undefined) throw new ShapeError(`a flow of this spec has a weight ${name}, which is missing`)
    if (found.shape.join() !== shape.join() || found.data.length !== sizeOf(shape)) {
      throw new ShapeError(`weight ${name} has the shape [${shape}], got [${found.shape}]`)
    }
    if (!found.data.every(Number.isFinite)) throw new ShapeError(`weight ${name} holds a number that is not finite`)
  }
  const foreign = [...flow.weights.keys()].find((name) => !wanted.has(name))
  if (foreign !== undefined) throw new ShapeError(`a flow of this spec has no weight ${foreign}`)
  return flow
}
