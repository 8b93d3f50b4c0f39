import type { Reason } from '@outflow/contracts'
import { type DeterminingGroup, determiningGroup, type Encoder, numberOf, usualNumber } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { argMin, toBits } from '../bits.js'
import { type GridNll, usualRange } from './quadrature.js'
import { numberInWords, show, stated, usualSpan } from './reason-text.js'

/** A record's NLL along one number's axis, all other fields as they are. */
export interface Curve extends GridNll {
  /** nats, at the value that nearly all records share; undefined if the column has none */
  readonly usualNll: number | undefined
  /** nats, without the number; undefined if no training record lacks it */
  readonly missingNll: number | undefined
}

/** nats; the NLL of the record as it is, and the NLL from which a record is an anomaly. */
export interface Limits {
  readonly recordNll: number
  readonly thresholdNll: number
}

/** The lowest NLL of the record with a value of the number. */
export function leastPresent({ nll, usualNll = Number.POSITIVE_INFINITY }: Curve): number {
  return Math.min(nll[argMin(nll)] ?? Number.POSITIVE_INFINITY, usualNll)
}

/** Whether the record is normal without the number, and with no value of it. */
export function isNormalIfMissing(curve: Curve, thresholdNll: number): boolean {
  return (curve.missingNll ?? Number.POSITIVE_INFINITY) <= thresholdNll && leastPresent(curve) > thresholdNll
}

/**
 * The reason that one number gives for a record's surprise.
 *
 * @param ids  [categories]; ids of the record
 */
export function numberReason(
  encoder: Encoder,
  fields: Fields,
  ids: Int32Array,
  j: number,
  curve: Curve,
  { recordNll, thresholdNll }: Limits,
): Reason {
  const { grid, nll, usualNll } = curve
  const column = encoder.numbers[j]!
  const observed = numberOf(encoder, fields, j)
  if (isNormalIfMissing(curve, thresholdNll)) {
    const text = `${column.name} ${show(column, observed)} is present; none would be expected`
    const bits = toBits(recordNll - curve.missingNll!)
    return { field: column.name, bits, observed: stated(column, observed), expected: null, range: null, text }
  }
  const best = argMin(nll)
  // The shared value is expected if its probability exceeds the density of every other value.
  const isUsual = usualNll !== undefined && usualNll <= nll[best]!
  const group = determiningGroup(encoder, ids, j)
  const [low, high] = usualRange(column, { grid, nll })
  const likely = isUsual ? column.usual! : likeliest({ grid, nll }, best, group?.median)
  const byFlow: Expectation = { expected: likely, range: [Math.min(low, likely), Math.max(high, likely)] }
  const isNeverNormal = !isUsual && nll.every((nats) => nats > thresholdNll)
  const { expected, range } = isNeverNormal ? byRecords(encoder, ids, j, { group, byFlow }) : byFlow
  const isOfGroup = group !== null && group.range[0] <= expected && expected <= group.range[1]
  return {
    field: column.name,
    bits: toBits(recordNll - (isUsual ? usualNll : nll[best]!)),
    observed: stated(column, observed),
    expected: stated(column, expected),
    range: column.cycle === null ? [...range] : null,
    text: numberInWords(column, { observed, expected, range, group: isOfGroup ? group.name : null }),
  }
}

/** The expected value of a number, in the column's own unit. */
interface Expectation {
  readonly expected: number
  /** 5 % and 95 % quantiles. */
  readonly range: readonly [low: number, high: number]
}

/** The group's median if it is as likely as the likeliest value, up to the effect of the training noise; else the likeliest value. */
function likeliest({ grid, nll }: GridNll, best: number, median: number | undefined): number {
  const at = median === undefined ? -1 : grid.indexOf(median)
  return at >= 0 && nll[at]! <= nll[best]! + AS_LIKELY ? grid[at]! : grid[best]!
}

/** nats */
const AS_LIKELY = 0.5

/**
 * The expected value by statistics of the training records, used if no value of this number makes the record normal: other
 * fields are wrong as well, and the flow extrapolates beyond its training rows. It is the median of the group that determines
 * the number; without one, the flow's value if it is in the usual span of the column, else the usual number.
 */
function byRecords(
  encoder: Encoder,
  ids: Int32Array,
  j: number,
  { group, byFlow }: { readonly group: DeterminingGroup | null; readonly byFlow: Expectation },
): Expectation {
  if (group !== null) return { expected: group.median, range: group.range }
  const [low, high] = usualSpan(encoder.numbers[j]!)
  if (low <= byFlow.expected && byFlow.expected <= high) return byFlow
  const expected = usualNumber(encoder, ids, j)
  return { expected, range: [Math.min(low, expected), Math.max(high, expected)] }
}

/** Merges the points of two curves; of those at the same value, it keeps one. */
export function mergeCurve(a: GridNll, b: GridNll): GridNll {
  const grid = new Float64Array(a.grid.length + b.grid.length)
  const nll = new Float64Array(grid.length)
  let count = 0
  for (let i = 0, j = 0; i < a.grid.length || j < b.grid.length; count++) {
    const isOfA = j === b.grid.length || a.grid[i]! <= b.grid[j]!
    if (isOfA && a.grid[i] === b.grid[j]) j++
    grid[count] = isOfA ? a.grid[i]! : b.grid[j]!
    nll[count] = isOfA ? a.nll[i++]! : b.nll[j++]!
  }
  return { grid: grid.subarray(0, count), nll: nll.subarray(0, count) }
}
