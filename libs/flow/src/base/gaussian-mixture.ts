import type { Shapes } from '../bijectors/part.js'
import { ShapeError } from '../errors.js'
import type { Weights } from '../flows/flow-state.js'
import type { OnnxGraph } from '../onnx/onnx-graph.js'
import type { Random } from '../random.js'
import type { Numbers } from '../tensor/rows.js'
import type { BaseDistribution } from './base-distribution.js'
import { HALF_LOG_TWO_PI } from './standard-normal.js'

/**
 * p(z) = Σₖ wₖ·N(z; μₖ, Σₖ), with full covariances. Each component stores its whitening matrix: y = Aₖ·(z − μₖ) is standard normal
 * where Aₖ is lower triangular and Σₖ⁻¹ = Aₖᵀ·Aₖ, so that log N = −½|y|² − ½ dim·log 2π + Σⱼ log Aₖⱼⱼ.
 */
export interface GaussianMixture {
  readonly dim: number
  /** [components]; they add up to 1 */
  readonly shares: Float64Array
  /** [components]; the shares by which rows are drawn, if those of the density are discounted. Default: `shares`. */
  readonly drawShares?: Float64Array
  /** [components, dim] */
  readonly means: Float64Array
  /** [components, dim, dim], lower triangular with a positive diagonal */
  readonly whitening: Float64Array
}

export function mixtureShapes(components: number, dim: number): Shapes {
  return new Map([
    ['base.shares', [components]],
    ['base.drawShares', [components]],
    ['base.means', [components, dim]],
    ['base.whitening', [components, dim, dim]],
  ])
}

/** A mixture as weights of a flow, in float32. */
export function weightsOfMixture({ dim, shares, drawShares = shares, means, whitening }: GaussianMixture): Weights {
  const { length: components } = shares
  const weight = (numbers: Float64Array, ...shape: number[]) => ({ shape, data: Float32Array.from(numbers) })
  return new Map([
    ['base.shares', weight(shares, components)],
    ['base.drawShares', weight(drawShares, components)],
    ['base.means', weight(means, components, dim)],
    ['base.whitening', weight(whitening, components, dim, dim)],
  ])
}

/** Components that are all standard normal. */
export function standardMixture(components: number, dim: number): Weights {
  const whitening = Float64Array.from({ length: components * dim * dim }, (_, at) => (isDiagonal(at, dim) ? 1 : 0))
  const shares = new Float64Array(components).fill(1 / components)
  return weightsOfMixture({ dim, shares, means: new Float64Array(components * dim), whitening })
}

/** @throws {ShapeError} when a share is below 0, none is above, or a diagonal of the whitening is not above 0 */
export function mixtureBase(weights: Weights, dim: number): BaseDistribution {
  const numbers = (name: string) => Float64Array.from(weights.get(name)!.data)
  const mixture = {
    dim,
    shares: numbers('base.shares'),
    drawShares: numbers('base.drawShares'),
    means: numbers('base.means'),
    whitening: numbers('base.whitening'),
  }
  checkMixture(mixture)
  const density = mixtureDensity(mixture)
  return {
    nll: density.nll,
    slope: (latent) => slopeOf(mixture, latent),
    draw: (random, count, temperature = 1) => drawMixture(mixture, random, count, temperature),
    toGraph: (graph, columns) => mixtureToGraph(mixture, graph, columns),
  }
}

function checkMixture({ dim, shares, drawShares, whitening }: Required<GaussianMixture>): void {
  const wrong = [shares, drawShares].find((own) => !own.every((share) => share >= 0) || !own.some((share) => share > 0))
  if (wrong !== undefined) throw new ShapeError(`shares of a mixture are 0 or more and some above it, got ${wrong}`)
  const at = whitening.findIndex((value, place) => isDiagonal(place, dim) && !(value > 0))
  if (at >= 0) throw new ShapeError(`the diagonal of a mixture's whitening is above 0, got ${whitening[at]}`)
}

/** Whether an index of [components, dim, dim] is on the diagonal of a matrix. */
const isDiagonal = (at: number, dim: number) => Math.floor(at / dim) % dim === at % dim

/** log wₖ·N(μₖ; μₖ, Σₖ) of each component: its log density at its own mean, [components] in nats. */
function heightsOf({ dim, shares, whitening }: GaussianMixture): Float64Array {
  const total = shares.reduce((sum, share) => sum + share, 0)
  return shares.map((share, component) => {
    let logDet = 0
    for (let j = 0; j < dim; j++) logDet += Math.log(whitening[(component * dim + j) * dim + j]!)
    return Math.log(share / total) + logDet - dim * HALF_LOG_TWO_PI
  })
}

/** The mixture at rows of plain numbers. */
export function mixtureDensity(mixture: GaussianMixture) {
  const { dim, shares } = mixture
  const heights = heightsOf(mixture)
  const whitened = new Float64Array(dim)
  const logs = new Float64Array(shares.length)
  /** Returns −log p(z) of row `row` and writes each component's log density to `logs`. */
  const evaluate = (latent: Numbers, row: number): number => {
    let largest = Number.NEGATIVE_INFINITY
    for (let component = 0; component < logs.length; component++) {
      const height = heights[component]!
      const log = height - 0.5 * whiten(mixture, component, latent, row * dim, whitened, 2 * (height - largest + BELOW))
      logs[component] = log
      if (log > largest) largest = log
    }
    let sum = 0
    for (let component = 0; component < logs.length; component++) sum += Math.exp(logs[component]! - largest)
    return -largest - Math.log(sum)
  }
  return {
    nll: (latent: Numbers): Float64Array => {
      const nll = new Float64Array(latent.length / dim)
      for (let row = 0; row < nll.length; row++) nll[row] = evaluate(latent, row)
      return nll
    },
    /** Writes p(component | z) of one row to `into` [components] and returns its −log p(z). */
    memberships: (latent: Numbers, row: number, into: Float64Array): number => {
      const nll = evaluate(latent, row)
      for (let component = 0; component < logs.length; component++) into[component] = Math.exp(logs[component]! + nll)
      return nll
    },
  }
}

/** Nats; components so far below another one change the sum of their densities by less than 1e-7. */
const BELOW = 20

/** Writes y = A·(z − μ) and returns |y|²; infinity, without the rest of y, as soon as it exceeds `most`. */
function whiten(
  mixture: GaussianMixture,
  component: number,
  latent: Numbers,
  from: number,
  y: Float64Array,
  most = Number.POSITIVE_INFINITY,
): number {
  const { dim, means, whitening } = mixture
  for (let j = 0; j < dim; j++) y[j] = latent[from + j]! - means[component * dim + j]!
  let square = 0
  // In place from the last row on: a row of A takes no column after its own.
  for (let i = dim - 1, at = (component * dim + i) * dim; i >= 0; i--, at -= dim) {
    let value = 0
    for (let j = 0; j <= i; j++) value += whitening[at + j]! * y[j]!
    y[i] = value
    square += value * value
    if (square > most) return Number.POSITIVE_INFINITY
  }
  return square
}

/** Σₖ p(k | z)·Aₖᵀ·Aₖ·(z − μₖ) */
function slopeOf(mixture: GaussianMixture, latent: Numbers): Float64Array {
  const { dim, shares, whitening } = mixture
  const { memberships } = mixtureDensity(mixture)
  const slope = new Float64Array(latent.length)
  const own = new Float64Array(shares.length)
  const y = new Float64Array(dim)
  for (let from = 0; from < latent.length; from += dim) {
    memberships(latent, from / dim, own)
    for (let component = 0; component < own.length; component++) {
      const share = own[component]!
      if (share < NEGLIGIBLE) continue
      whiten(mixture, component, latent, from, y)
      for (let i = 0, at = component * dim * dim; i < dim; i++, at += dim) {
        const pull = share * y[i]!
        for (let j = 0; j <= i; j++) slope[from + j]! += pull * whitening[at + j]!
      }
    }
  }
  return slope
}

const NEGLIGIBLE = 1e-12

/** z = μₖ + temperature·Aₖ⁻¹·y, y standard normal and k by the shares for draws */
function drawMixture(
  { dim, drawShares, means, whitening }: Required<GaussianMixture>,
  random: Random,
  count: number,
  temperature: number,
): Float64Array {
  const drawn = new Float64Array(count * dim)
  for (let from = 0; from < drawn.length; from += dim) {
    const component = random.weighted(drawShares)
    for (let i = 0, at = component * dim * dim; i < dim; i++, at += dim) {
      let rest = temperature * random.normal()
      for (let j = 0; j < i; j++) rest -= whitening[at + j]! * drawn[from + j]!
      drawn[from + i] = rest / whitening[at + i]!
    }
    for (let i = 0; i < dim; i++) drawn[from + i]! += means[component * dim + i]!
  }
  return drawn
}

/**
 * −log Σₖ exp(heightₖ − ½|Aₖ·z − Aₖ·μₖ|²), by two matrix products for all components: one to whiten, one to add up the squares.
 */
function mixtureToGraph(mixture: GaussianMixture, graph: OnnxGraph, columns: string): string {
  const { dim, shares, means, whitening } = mixture
  const { length: components } = shares
  const width = components * dim
  const whiten = new Float64Array(dim * width)
  const offset = new Float64Array(width)
  const halfSums = new Float64Array(width * components)
  for (let at = 0; at < width; at++) {
    const component = Math.floor(at / dim)
    for (let j = 0; j <= at % dim; j++) {
      const value = whitening[at * dim + j]!
      whiten[j * width + at] = value
      offset[at]! -= value * means[component * dim + j]!
    }
    halfSums[at * components + component] = -0.5
  }
  const y = graph.dense(columns, whiten, offset)
  const logs = graph.dense(graph.node('Mul', [y, y]), halfSums, heightsOf(mixture))
  const largest = graph.maxColumn(logs)
  const shifted = graph.node('Exp', [graph.node('Sub', [logs, largest])])
  const sum = graph.node('Log', [graph.sumColumns(shifted)])
  return graph.node('Neg', [graph.node('Add', [graph.sumColumns(largest), sum])])
}
