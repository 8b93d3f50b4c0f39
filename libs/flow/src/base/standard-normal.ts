import type { BaseDistribution } from './base-distribution.js'

/** ½·log 2π: the NLL of one standard normal coordinate at its centre, nats. */
export const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)

/** −log p(z) = Σ ½·z² + ½·log 2π */
export function standardNormal(dim: number): BaseDistribution {
  const constant = dim * HALF_LOG_TWO_PI
  return {
    nll: (latent) => {
      const nll = new Float64Array(latent.length / dim)
      for (let row = 0, at = 0; row < nll.length; row++) {
        let energy = 0
        for (const end = at + dim; at < end; at++) energy += 0.5 * latent[at]! * latent[at]!
        nll[row] = energy + constant
      }
      return nll
    },
    slope: (latent) => Float64Array.from(latent),
    draw: (random, count, temperature = 1) =>
      Float64Array.from({ length: count * dim }, () => temperature * random.normal()),
    toGraph: (graph, columns) => {
      const squares = graph.sumColumns(graph.node('Mul', [columns, columns]))
      const energy = graph.node('Mul', [squares, graph.scalar(0.5)])
      return graph.node('Add', [energy, graph.scalar(constant)])
    },
  }
}
