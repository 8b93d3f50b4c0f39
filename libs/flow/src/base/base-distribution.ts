import type { OnnxGraph } from '../onnx/onnx-graph.js'
import type { Random } from '../random.js'
import type { Numbers } from '../tensor/rows.js'

/** The density of latent rows. */
export interface BaseDistribution {
  /** −log p(z) of each row of z [count, dim], in float64: [count] in nats. */
  nll(latent: Numbers): Float64Array
  /** ∂(−log p)/∂z of each row, [count, dim]. */
  slope(latent: Numbers): Float64Array
  /**
   * Draws rows of z, [count, dim].
   *
   * @param temperature  factor on the distance from the mean. Default 1.
   */
  draw(random: Random, count: number, temperature?: number): Float64Array
  /** −log p(z) of each row in a graph: columns → [batch]. */
  toGraph(graph: OnnxGraph, columns: string): string
}

/** −log p(z) − logDet in float64, p the base's density, [count] in nats; latent is [count, dim], logDet [count]. */
export function nllOf(base: BaseDistribution, latent: Numbers, logDet: Numbers): Float64Array {
  return base.nll(latent).map((nats, row) => nats - logDet[row]!)
}
