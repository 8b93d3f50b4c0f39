import { add, type Tensor1D, type Tensor2D, zeros } from '@tensorflow/tfjs-core'
import type { Bijector, MappedRows } from './bijector.js'
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
    forwardRows: (x, context) =>
      fold(
        x,
        bijectors.map((bijector) => (rows) => bijector.forwardRows(rows, context)),
      ),
    inverseAndLogDet: (z, context) =>
      fold(
        z,
        bijectors.toReversed().map((bijector) => (rows) => bijector.inverseAndLogDet(rows, context)),
      ),
  }
}

function fold(start: Rows, steps: readonly ((rows: Rows) => MappedRows)[]): MappedRows {
  let value = start
  const logDet = new Float64Array(start.count)
  for (const step of steps) {
    const mapped = step(value)
    value = mapped.value
    mapped.logDet.forEach((nats, row) => {
      logDet[row]! += nats
    })
  }
  return { value, logDet }
}
