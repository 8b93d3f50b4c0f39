import { add, type Tensor1D, type Tensor2D, zeros } from '@tensorflow/tfjs-core'
import type { Bijector } from './bijector.js'
import type { Rows } from './rows.js'

/**
 * Bijectors one after another, in reading order: z = fₙ(… f₂(f₁(x))); the log-dets add up.
 *
 * An empty chain is the identity.
 */
export function chain(bijectors: readonly Bijector[]): Bijector {
  return {
    forwardAndLogDet: (x, context) => {
      let value: Tensor2D = x
      let logDet: Tensor1D | undefined
      for (const bijector of bijectors) {
        const mapped = bijector.forwardAndLogDet(value, context)
        value = mapped.value
        logDet = logDet === undefined ? mapped.logDet : add<Tensor1D>(logDet, mapped.logDet)
      }
      return { value, logDet: logDet ?? (zeros([x.shape[0]]) as Tensor1D) }
    },
    inverseAndLogDet: (z, context) => {
      let value: Rows = z
      const logDet = new Float64Array(z.count)
      for (const bijector of bijectors.toReversed()) {
        const mapped = bijector.inverseAndLogDet(value, context)
        value = mapped.value
        mapped.logDet.forEach((nats, row) => {
          logDet[row]! += nats
        })
      }
      return { value, logDet }
    },
  }
}
