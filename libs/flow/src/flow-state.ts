import { ShapeError } from './errors.js'

/** What a flow is before it is fitted. */
export interface FlowSpec {
  readonly kind: 'realnvp'
  /** Columns of a row, at least 1. */
  readonly dim: number
  /** Columns of a context; 0 is an unconditional flow. */
  readonly contextDim: number
  /** Coupling layers, at least 1. */
  readonly layers: number
  /** Widths of the hidden layers of every conditioner. */
  readonly hidden: readonly number[]
  /** Bound of a coupling's log-scale: s = bound·tanh(r/bound). */
  readonly scaleBound: number
}

/** One named array of a flow, row-major. */
export interface WeightTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A fitted flow as plain data: all that saving, scoring and sampling need; no tensors. */
export interface FlowState {
  readonly spec: FlowSpec
  readonly weights: ReadonlyMap<string, WeightTensor>
}

/** The spec that served best on tables (8 couplings, conditioners 64 × 64, log-scale within ±2). */
export function realNvpSpec(dim: number, contextDim = 0): FlowSpec {
  return { kind: 'realnvp', dim, contextDim, layers: 8, hidden: [64, 64], scaleBound: 2 }
}

/** @throws {ShapeError} when a size is not a positive whole number or the bound is not positive */
export function checkSpec(spec: FlowSpec): FlowSpec {
  const isSize = (size: number, atLeast: number) => Number.isInteger(size) && size >= atLeast
  const wrong = (rule: string, value: unknown) => new ShapeError(`${rule}, got ${value}`, { values: { spec } })
  if (!isSize(spec.dim, 1)) throw wrong('a flow has one column or more', spec.dim)
  if (!isSize(spec.contextDim, 0)) throw wrong('a context has zero columns or more', spec.contextDim)
  if (!isSize(spec.layers, 1)) throw wrong('a flow has one coupling layer or more', spec.layers)
  if (!spec.hidden.every((width) => isSize(width, 1))) throw wrong('hidden widths are 1 or more', spec.hidden)
  if (!(spec.scaleBound > 0)) throw wrong('the bound of the log-scale is above 0', spec.scaleBound)
  return spec
}
