import type { Reason } from '@outflow/contracts'
import { determiningGroup, type Encoder, type Fields, numberOf, roundTo, stretchOf } from '@outflow/encoding'
import { argMin, toBits } from './bits.js'
import { gridQuantiles } from './quadrature.js'
import { numberInWords, show } from './words.js'

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
 * @param ids  [categories]; ids of the record
 * @param own  the record's NLL, nats
 */
export function numberReason(
  encoder: Encoder,
  fields: Fields,
  ids: Int32Array,
  j: number,
  own: number,
  { grid, nll, usualNll }: Curve,
): Reason {
  const column = encoder.numbers[j]!
  // On the line: a unit is worth less where a log scale counts in thousands, and nothing is odd about that.
  const onLine = nll.map((own, k) => own - stretchOf(column, grid[k]!))
  const best = argMin(onLine)
  // Where the shared value is likelier than any other value is dense, it is what would have been expected.
  const isUsual = usualNll !== undefined && usualNll <= onLine[best]!
  const group = determiningGroup(encoder, ids, j)
  const expected = isUsual ? column.usual! : likeliest({ grid, nll: onLine }, best, group?.median)
  const [low, high] = gridQuantiles(grid, nll, [0.05, 0.95]).map((x) => roundTo(column, x)) as [number, number]
  const range: [number, number] = [Math.min(low, expected), Math.max(high, expected)]
  const observed = numberOf(encoder, fields, j)
  const shown = (x: number) => {
    if (Number.isNaN(x)) return null
    return column.cycle === null ? x : show(column, x)
  }
  return {
    field: column.name,
    bits: toBits(
      own - (Number.isNaN(observed) ? 0 : stretchOf(column, observed)) - (isUsual ? usualNll : onLine[best]!),
    ),
    observed: shown(observed),
    expected: shown(expected),
    range: column.cycle === null ? range : null,
    text: numberInWords(column, { observed, expected, range, group: group?.name ?? null }),
  }
}

/** The group's median where it is as likely as the likeliest value, within what the flow's noise blurs; else the latter. */
function likeliest({ grid, nll }: Omit<Curve, 'usualNll'>, best: number, median: number | undefined): number {
  const at = median === undefined ? -1 : grid.indexOf(median)
  return at >= 0 && nll[at]! <= nll[best]! + AS_LIKELY ? grid[at]! : grid[best]!
}

/** nats */
const AS_LIKELY = 0.5

/** Joins what was tried first and what was tried between. */
export function mergeCurve(coarse: Omit<Curve, 'usualNll'>, finer: Omit<Curve, 'usualNll'>): Omit<Curve, 'usualNll'> {
  const points = new Map<number, number>()
  for (const { grid, nll } of [coarse, finer]) for (const [k, x] of grid.entries()) points.set(x, nll[k]!)
  const grid = Float64Array.from(points.keys()).sort()
  return { grid, nll: grid.map((x) => points.get(x)!) }
}
