import { SMALLEST } from '../bijectors/spline.js'
import { ShapeError } from '../errors.js'
import type { Precision } from '../onnx/onnx-graph.js'
import type { Tensor } from './tensor-file.js'

/** The architecture of a flow. */
export type FlowSpec = RealNvpSpec | GlowSpec | SplineSpec

/** Name of a kind of flow: `realnvp`, `glow` or `spline`. */
export type FlowKind = FlowSpec['kind']

/** Settings that all kinds of flow share. */
export interface FlowSizes {
  /** Columns of a row, at least 1. */
  readonly dim: number
  /** Columns of a context; 0 is an unconditional flow. */
  readonly contextDim: number
  /** Coupling layers, at least 1. */
  readonly layers: number
  /** Widths of the hidden layers of every conditioner. */
  readonly hidden: readonly number[]
  /** Distribution of the latent. Default: standard normal. */
  readonly base?: MixtureBase
}

/** A mixture of Gaussians with full covariances, for clustered data and for small tables. */
export interface MixtureBase {
  readonly kind: 'mixture'
  /** 1 to 64. In a fit's spec this is the maximum; the fit chooses the number by held-out likelihood. */
  readonly components: number
}

/** [actnorm, affine coupling] a layer. */
export interface RealNvpSpec extends FlowSizes {
  readonly kind: 'realnvp'
  /** Bound of a coupling's log-scale: s = bound·tanh(r/bound). */
  readonly scaleBound: number
}

/** [actnorm, linear mixing, affine coupling] a layer. */
interface GlowSpec extends Omit<RealNvpSpec, 'kind'> {
  readonly kind: 'glow'
}

/** [actnorm, linear mixing, spline coupling] a layer. */
export interface SplineSpec extends FlowSizes {
  readonly kind: 'spline'
  /** Bins of every spline, at least 2. */
  readonly bins: number
  /** Beyond ±tailBound the splines are the identity. */
  readonly tailBound: number
}

/** One named array of a flow, row-major. */
export type WeightTensor = Tensor<Float32Array>

export type Weights = ReadonlyMap<string, WeightTensor>

/** A flow as plain data, which can be saved, scored and sampled. */
export interface FlowState {
  readonly spec: FlowSpec
  readonly weights: Weights
}

/**
 * RealNVP with 8 couplings, conditioners of 32 × 32 and log-scales within ±2: the best of those compared on tables of numbers.
 *
 * @param dim         columns of a row
 * @param contextDim  columns of a context. Default 0: unconditional.
 * @see Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803
 */
export function realNvpSpec(dim: number, contextDim = 0): RealNvpSpec {
  return { kind: 'realnvp', ...sizes(dim, contextDim), scaleBound: 2 }
}

/**
 * Glow for tables: `realNvpSpec` with a linear mixing before each coupling.
 *
 * @see Kingma & Dhariwal 2018, arXiv:1807.03039
 */
export function glowSpec(dim: number, contextDim = 0): GlowSpec {
  return { kind: 'glow', ...sizes(dim, contextDim), scaleBound: 2 }
}

/**
 * Neural spline flow with 8 couplings and splines of 8 bins within ±4; a standard normal value exceeds that once in 16,000.
 *
 * @see Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032
 */
export function splineSpec(dim: number, contextDim = 0): SplineSpec {
  return { kind: 'spline', ...sizes(dim, contextDim), bins: 8, tailBound: 4 }
}

/** The default spec of a kind of flow. Sizes are checked when the flow is fitted. */
export function flowSpec(kind: FlowKind, dim: number, contextDim = 0): FlowSpec {
  return SPECS[kind](dim, contextDim)
}

const SPECS: Readonly<Record<FlowKind, (dim: number, contextDim: number) => FlowSpec>> = {
  realnvp: realNvpSpec,
  glow: glowSpec,
  spline: splineSpec,
}

const sizes = (dim: number, contextDim: number) => ({ dim, contextDim, layers: 8, hidden: [32, 32] })

/**
 * Precision in which a kind of flow is scored. The log-slope of a spline can change by 1 within a narrow bin, so float32 has an
 * error of 1e-5 nats or more on typical rows; affine kinds have 1e-6.
 */
export const SCORED_IN: Readonly<Record<FlowKind, Precision>> = {
  realnvp: 'float32',
  glow: 'float32',
  spline: 'float64',
}

/** @throws {ShapeError} when the kind or a key is unknown, a size is not a positive whole number or a bound is not positive */
export function checkSpec(spec: FlowSpec): FlowSpec {
  const isSize = (size: number, atLeast: number) => Number.isInteger(size) && size >= atLeast
  const wrong = (rule: string, value: unknown) => new ShapeError(`${rule}, got ${value}`, { values: { spec } })
  if (!Object.hasOwn(SPECS, spec.kind)) throw wrong(`a flow is one of ${Object.keys(SPECS).join(', ')}`, spec.kind)
  const known = { ...SPECS[spec.kind](1, 0), base: undefined }
  const foreign = Object.keys(spec).find((key) => !Object.hasOwn(known, key))
  if (foreign !== undefined) throw wrong(`a flow of the kind ${spec.kind} has no such setting`, foreign)
  if (!isSize(spec.dim, 1)) throw wrong('a flow has one column or more', spec.dim)
  if (!isSize(spec.contextDim, 0)) throw wrong('a context has zero columns or more', spec.contextDim)
  if (!isSize(spec.layers, 1)) throw wrong('a flow has one coupling layer or more', spec.layers)
  const areWidths = Array.isArray(spec.hidden) && spec.hidden.every((width) => isSize(width, 1))
  if (!areWidths) throw wrong('hidden is a list of widths of 1 or more', spec.hidden)
  if (spec.kind === 'spline') {
    const isFew = isSize(spec.bins, 2) && spec.bins * SMALLEST < 1
    if (!isFew) throw wrong(`a spline has from 2 to ${Math.ceil(1 / SMALLEST) - 1} bins`, spec.bins)
    if (!(spec.tailBound > 0)) throw wrong('the bound of the tails is above 0', spec.tailBound)
  } else if (!(spec.scaleBound > 0)) throw wrong('the bound of the log-scale is above 0', spec.scaleBound)
  if (spec.base !== undefined) checkBase(spec.base, wrong)
  return spec
}

function checkBase(base: MixtureBase, wrong: (rule: string, value: unknown) => ShapeError): void {
  if (base.kind !== 'mixture') throw wrong('a base other than the standard normal is a mixture', base.kind)
  const foreign = Object.keys(base).find((key) => key !== 'kind' && key !== 'components')
  if (foreign !== undefined) throw wrong('a mixture base has no such setting', foreign)
  const isCount = Number.isInteger(base.components) && base.components >= 1 && base.components <= 64
  if (!isCount) throw wrong('components of a mixture are a whole number from 1 to 64', base.components)
}
