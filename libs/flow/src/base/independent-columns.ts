import type { OnnxGraph } from '../onnx/onnx-graph.js'
import type { Random } from '../random.js'
import type { BaseDistribution } from './base-distribution.js'

/** The density of one latent column, exp(−energy(z) − constant); columns are independent. */
interface ColumnDensity {
  /** The part of the NLL that depends on z, nats; 0 at the centre. */
  energy(z: number): number
  /** d energy/dz */
  slope(z: number): number
  /** The part of the NLL that does not depend on z, nats. */
  readonly constant: number
  /** Draws one z. */
  draw(random: Random): number
  /** Σ energy of each row in a graph: columns → [batch]. */
  toGraph(graph: OnnxGraph, columns: string): string
}

/** ½·log 2π: the NLL of one standard normal coordinate at its centre, nats. */
export const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)

/** −log p(z) = Σ ½·z² + ½·log 2π */
export function standardNormal(dim: number): BaseDistribution {
  return independent(dim, {
    energy: (z) => 0.5 * z * z,
    slope: (z) => z,
    constant: HALF_LOG_TWO_PI,
    draw: (random) => random.normal(),
    toGraph: (graph, columns) => {
      const squares = graph.sumColumns(graph.node('Mul', [columns, columns]))
      return graph.node('Mul', [squares, graph.scalar(0.5)])
    },
  })
}

/**
 * −log p(z) = Σ ½(ν+1)·log(1 + z²/ν) + ½·log νπ + log Γ(ν/2) − log Γ((ν+1)/2)
 *
 * @param nu  degrees of freedom, validated by `checkSpec`
 */
export function studentT(nu: number, dim: number): BaseDistribution {
  return independent(dim, {
    energy: (z) => ((nu + 1) / 2) * Math.log1p((z * z) / nu),
    slope: (z) => ((nu + 1) * z) / (nu + z * z),
    constant: 0.5 * Math.log(nu * Math.PI) + logGamma(nu / 2) - logGamma((nu + 1) / 2),
    draw: (random) => drawStudent(random, nu),
    toGraph: (graph, columns) => {
      const shares = graph.node('Mul', [graph.node('Mul', [columns, columns]), graph.scalar(1 / nu)])
      const logs = graph.node('Log', [graph.node('Add', [shares, graph.scalar(1)])])
      return graph.node('Mul', [graph.sumColumns(logs), graph.scalar((nu + 1) / 2)])
    },
  })
}

function independent(dim: number, column: ColumnDensity): BaseDistribution {
  const constant = dim * column.constant
  return {
    nll: (latent) => {
      const nll = new Float64Array(latent.length / dim)
      for (let row = 0, at = 0; row < nll.length; row++) {
        let energy = 0
        for (const end = at + dim; at < end; at++) energy += column.energy(latent[at]!)
        nll[row] = energy + constant
      }
      return nll
    },
    slope: (latent) => {
      const slope = new Float64Array(latent.length)
      for (let at = 0; at < slope.length; at++) slope[at] = column.slope(latent[at]!)
      return slope
    },
    draw: (random, count, temperature = 1) =>
      Float64Array.from({ length: count * dim }, () => temperature * column.draw(random)),
    toGraph: (graph, columns) => graph.node('Add', [column.toGraph(graph, columns), graph.scalar(constant)]),
  }
}

/**
 * One exact draw of Student's t: a point of the unit disc, stretched.
 *
 * @see Bailey 1994, Polar generation of random variates with the t-distribution, Mathematics of Computation 62
 */
function drawStudent(random: Random, nu: number): number {
  for (;;) {
    const u = 2 * random.uniform() - 1
    const v = 2 * random.uniform() - 1
    const square = u * u + v * v
    if (square === 0 || square >= 1) continue
    return u * Math.sqrt((nu * Math.expm1((-2 / nu) * Math.log(square))) / square)
  }
}

/** log Γ(x) for x > 0: Stirling's series from x = 10, where its error is 1e-12; the recurrence x·Γ(x) = Γ(x + 1) below. */
function logGamma(x: number): number {
  let large = x
  let below = 0
  for (; large < 10; large++) below += Math.log(large)
  const r = 1 / (large * large)
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / large
  return (large - 0.5) * Math.log(large) - large + HALF_LOG_TWO_PI + series - below
}
