import { add, scalar, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import type { Bijector, Mapped } from './bijector.js'

/**
 * Bijectors one after another, in reading order: z = fₙ(… f₂(f₁(x))); the log-dets add up.
 *
 * An empty chain is the identity.
 */
export function chain(bijectors: readonly Bijector[]): Bijector {
  const fold = (start: Tensor2D, steps: readonly ((value: Tensor2D) => Mapped)[]): Mapped => {
    let value = start
    let logDet: Tensor | undefined
    for (const step of steps) {
      const mapped = step(value)
      value = mapped.value
      logDet = logDet === undefined ? mapped.logDet : add(logDet, mapped.logDet)
    }
    return { value, logDet: logDet ?? scalar(0) }
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
