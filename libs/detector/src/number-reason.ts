import type { Reason } from '@outflow/contracts'
import {
  type DeterminingGroup,
  determiningGroup,
  type Encoder,
  numberOf,
  roundTo,
  stretchOf,
  usualNumber,
} from '@outflow/encoding'
import type { Fields } from '@outflow/records'
import { argMin, toBits } from './bits.js'
import { gridQuantiles } from './quadrature.js'
import { numberInWords, show, usualSpan } from './reason-text.js'

/** A record's NLL along one number's axis, all other fields as they are. */
export interface Curve {
  /** Ascending, in the column's own unit; hours since the cut where it is cyclic. */
  readonly grid: Float64Array
  /** nats */
  readonly nll: Float64Array
  /** nats with the value that nearly all records share; undefined where the column has none */
  readonly usualNll: number | undefined
}

/**
 * What one number adds to a record's surprise.
 *
 * @param ids   [categories]; ids of the record
 * @param nats  the record's NLL, and the one from which on a record is an anomaly
 */
export function numberReason(
  encoder: Encoder,
  fields: Fields,
  ids: Int32Array,
  j: number,
  { grid, nll, usualNll }: Curve,
  { own, ordinaryNll }: { readonly own: number; readonly ordinaryNll: number },
): Reason {
  const column = encoder.numbers[j]!
  // On the line: a unit is worth less where a log scale counts in thousands, and nothing is odd about that.
  const onLine = nll.map((own, k) => own - stretchOf(column, grid[k]!))
  const best = argMin(onLine)
  // Where the shared value is likelier than any other value is dense, it is what would have been expected.
  const isUsual = usualNll !== undefined && usualNll <= onLine[best]!
  const group = determiningGroup(encoder, ids, j)
  const [low, high] = gridQuantiles(grid, nll, [0.05, 0.95]).map((x) => roundTo(column, x)) as [number, number]
  const likely = isUsual ? column.usual! : likeliest({ grid, nll: onLine }, best, group?.median)
  const byFlow: Expectation = { expected: likely, range: [Math.min(low, likely), Math.max(high, likely)] }
  const isAstray = !isUsual && nll.every((nats) => nats >= ordinaryNll)
  const { expected, range } = isAstray ? byRecords(encoder, ids, j, { group, byFlow }) : byFlow
  const observed = numberOf(encoder, fields, j)
  const shown = (x: number) => {
    if (Number.isNaN(x)) return null
    return column.cycle === null ? x : show(column, x)
  }
  const isOfGroup = group !== null && group.range[0] <= expected && expected <= group.range[1]
  return {
    field: column.name,
    bits: toBits(
      own - (Number.isNaN(observed) ? 0 : stretchOf(column, observed)) - (isUsual ? usualNll : onLine[best]!),
    ),
    observed: shown(observed),
    expected: shown(expected),
    range: column.cycle === null ? [...range] : null,
    text: numberInWords(column, { observed, expected, range, group: isOfGroup ? group.name : null }),
  }
}

/** What would have been expected of a number, in the column's own unit. */
interface Expectation {
  readonly expected: number
  /** Nine in ten values. */
  readonly range: readonly [low: number, high: number]
}

/** The group's median where it is as likely as the likeliest value, within what the flow's noise blurs; else the latter. */
function likeliest({ grid, nll }: Omit<Curve, 'usualNll'>, best: number, median: number | undefined): number {
  const at = median === undefined ? -1 : grid.indexOf(median)
  return at >= 0 && nll[at]! <= nll[best]! + AS_LIKELY ? grid[at]! : grid[best]!
}

/** nats */
const AS_LIKELY = 0.5

/**
 * Statistics of the training records, used where no value of this number makes the record ordinary: other fields are wrong, too, and the flow
 * extrapolates to a place without training rows. Where a group determines the number, that is the group's median; else the flow is
 * believed as long as it stays where nearly all records are.
 */
function byRecords(
  encoder: Encoder,
  ids: Int32Array,
  j: number,
  { group, byFlow }: { readonly group: DeterminingGroup | null; readonly byFlow: Expectation },
): Expectation {
  if (group !== null) return { expected: group.median, range: group.range }
  const range = usualSpan(encoder.numbers[j]!)
  const isAmongThem = range[0] <= byFlow.expected && byFlow.expected <= range[1]
  return isAmongThem ? byFlow : { expected: usualNumber(encoder, ids, j), range }
}

/** Joins what was tried first and what was tried between. */
export function mergeCurve(coarse: Omit<Curve, 'usualNll'>, finer: Omit<Curve, 'usualNll'>): Omit<Curve, 'usualNll'> {
  const points = new Map<number, number>()
  for (const { grid, nll } of [coarse, finer]) for (const [k, x] of grid.entries()) points.set(x, nll[k]!)
  const grid = Float64Array.from(points.keys()).sort()
  return { grid, nll: grid.map((x) => points.get(x)!) }
}
