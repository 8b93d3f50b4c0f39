import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Rows } from '../tensor/rows.js'
import { type PlainOperation, runPlain } from '../tensor/run-plain.js'
import { copied } from '../tensor/scratch.js'
import type { Bijector, RowsAndLogDet } from './bijector.js'

/**
 * Bijectors one after another, in reading order: z = fₙ(… f₂(f₁(x))); the log-dets add up.
 *
 * @param bijectors  one or more
 */
export function chain(bijectors: readonly Bijector[]): Bijector {
  return {
    forwardAndLogDet: (x, context) => {
      let value: Tensor2D = x
      const logDets: Tensor1D[] = []
      for (const bijector of bijectors) {
        const mapped = bijector.forwardAndLogDet(value, context)
        value = mapped.value
        logDets.push(mapped.logDet)
      }
      const [logDet] = runPlain(logDets, TOTAL) as [Tensor1D]
      return { value, logDet }
    },
    forwardRows: (x, context) => fold(x, bijectors, (bijector, rows) => bijector.forwardRows(rows, context)),
    inverseAndLogDet: (z, context) =>
      fold(z, bijectors.toReversed(), (bijector, rows) => bijector.inverseAndLogDet(rows, context)),
  }
}

function fold(
  start: Rows,
  bijectors: readonly Bijector[],
  map: (bijector: Bijector, rows: Rows) => RowsAndLogDet,
): RowsAndLogDet {
  let value = start
  const logDet = new Float64Array(start.count)
  for (const bijector of bijectors) {
    const mapped = map(bijector, value)
    value = mapped.value
    mapped.logDet.forEach((nats, row) => {
      logDet[row]! += nats
    })
  }
  return { value, logDet }
}

/** [batch] each → their sum, [batch]; one operation instead of one addition per bijector */
const TOTAL: PlainOperation = {
  forward: (parts) => {
    const values = copied(parts[0]!.values)
    for (const part of parts.slice(1)) {
      for (let row = 0; row < values.length; row++) values[row]! += part.values[row]!
    }
    return [{ values, shape: parts[0]!.shape }]
  },
  backward: ([slope], parts) => parts.map(() => slope!.values),
}
