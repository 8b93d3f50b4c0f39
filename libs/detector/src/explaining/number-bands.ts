import { type Encoder, encodeBatch, numberAlternatives, numberOf, withNumber } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { type NllQueries, queryLists } from './nll-queries.js'
import { usualRange } from './quadrature.js'

/** A number of a record, and the span in which nine in ten values lie given all other fields of the record; in the number's own unit. */
export interface NumberBand {
  /** null if it is missing. */
  readonly value: number | null
  readonly low: number
  readonly high: number
}

/**
 * The 5 % and the 95 % quantile of some numbers of a record, each given all other fields as they are:
 *
 *     p(xⱼ | rest) ∝ p(record with xⱼ), on a grid of plausible values
 *
 * @param places  indices of columns of numbers that are not cyclic
 * @returns [places]
 */
export function* numberBands(encoder: Encoder, fields: Fields, places: readonly number[]): NllQueries<NumberBand[]> {
  const { ids } = encodeBatch(encoder, [fields])
  const grids = places.map((j) => numberAlternatives(encoder, ids, j, GRID))
  const nlls = yield* queryLists(
    grids.map((grid, at) => Array.from(grid, (value) => withNumber(encoder, fields, places[at]!, value))),
  )
  return places.map((j, at) => {
    const column = encoder.numbers[j]!
    const [low, high] = usualRange(column, { grid: grids[at]!, nll: nlls[at]! })
    const value = numberOf(encoder, fields, j)
    return { value: Number.isNaN(value) ? null : value, low, high }
  })
}

/** Approximate number of points, as in an explanation. */
const GRID = 60
