import { add, type Rank, type Tensor1D, type Tensor2D, zeros } from '@tensorflow/tfjs-core'
import type { Bijector, Mapped } from './bijector.js'

/**
 * Bijectors one after another, in reading order: z = fₙ(… f₂(f₁(x))); the log-dets add up.
 *
 * An empty chain is the identity.
 */
export function chain(bijectors: readonly Bijector[]): Bijector {
  const fold = (start: Tensor2D, steps: readonly ((value: Tensor2D) => Mapped)[]): Mapped => {
    let value = start
    let logDet: Tensor1D | undefined
    for (const step of steps) {
      const mapped = step(value)
      value = mapped.value
      logDet = logDet === undefined ? mapped.logDet : add<Tensor1D>(logDet, mapped.logDet)
    }
    return { value, logDet: logDet ?? zeros<Rank.R1>([start.shape[0]]) }
  }
  return {
    forwardAndLogDet: (x, context) =>
      fold(
        x,
        bijectors.map((bijector) => (value) => bijector.forwardAndLogDet(value, context)),
      ),
    inverseAndLogDet: (z, context) =>
      fold(
        z,
        bijectors.toReversed().map((bijector) => (value) => bijector.inverseAndLogDet(value, context)),
      ),
  }
}
