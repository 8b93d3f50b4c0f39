import { add, mul, square, sum, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'

/** What latent rows are compared with. */
export interface BaseDistribution {
  /** log-density of each row of [batch, dim], [batch] in nats */
  logProb(z: Tensor2D): Tensor1D
}

/** log p(z) = −½·Σᵢ zᵢ² − ½·dim·log 2π */
export const standardNormal: BaseDistribution = {
  logProb: (z) => add(mul(sum(square(z), 1), -0.5), -z.shape[1] * HALF_LOG_TWO_PI) as Tensor1D,
}

/** ½·log 2π: what one standard normal coordinate adds to an NLL at its centre, nats. */
export const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI)
