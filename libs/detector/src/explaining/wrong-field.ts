import { arbitraryValueNll, type Encoder, numberOf } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { logSum } from '../bits.js'
import type { Curve } from './number-reason.js'
import { gridLogMass } from './quadrature.js'

/**
 * Log probability of a record if one of its numbers is wrong, so that its value is arbitrary and the right one is unknown:
 *
 *     log ∫ p(record with v) dv + log arbitrary(value)
 *
 * The usual value, and none where only a record without the number is normal, are right values too.
 *
 * @param curve  the record's NLL at other values of number j
 */
export function logIfNumberWrong(encoder: Encoder, fields: Fields, j: number, curve: Curve): number {
  const column = encoder.numbers[j]!
  const { usualNll = Number.POSITIVE_INFINITY, missingNll = Number.POSITIVE_INFINITY } = curve
  const value = numberOf(encoder, fields, j)
  const arbitrary = value === column.usual ? 0 : arbitraryValueNll(column, value)
  // A missing number has the density of one deviation.
  return logSum([gridLogMass(column, curve), -usualNll, Math.log(column.scale) - missingNll]) - arbitrary
}

/**
 * The same for a category, whose arbitrary value is half as frequent as in training, half any value, an unseen one included:
 *
 *     log Σ p(record with v) + log arbitrary(value)      arbitrary(value) = (p(value) + 1 / (values + 1)) / 2
 *
 * @param id   of the record's own value; 0 is unseen
 * @param nll  [values], nats; the record's NLL with each value that was tried
 */
export function logIfCategoryWrong({ tree }: Encoder, k: number, id: number, nll: Float64Array): number {
  const marginal = tree.marginals[k]!
  return logSum(Array.from(nll, (nats) => -nats)) + Math.log((marginal[id]! + 1 / marginal.length) / 2)
}
