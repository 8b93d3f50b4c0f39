import type { NumberColumn } from '../numbers/number-column.js'
import type { StandardisedNumbers } from './group-statistics.js'
import { FOLDS, summariseGroups } from './group-summaries.js'
import type { FittedGrouping } from './grouping.js'
import { fromLength, lengthBetween, type Places, placeValues, toLength } from './places.js'

export interface FittedPlaces {
  readonly places: Places
  /** [n, 3]; prediction of the other folds: z (0 if there is none), whether there is one, log(1 + pairs of the end with fewer) */
  readonly outOfFold: Float32Array
}

export const PLACES_WIDTH = 3
/** Only a number that a pair determines can be predicted from other pairs. */
const DETERMINED = 0.1
/** Places are kept if they leave this share or less of the error on pairs that the other folds did not see. */
const PLACES_LEAVE = 0.5
const FEWEST_UNSEEN = 30
const FEWEST_PAIRS = 30
const MOST_PAIRS = 20_000

/**
 * Fits places to every number that an unordered pair determines, and keeps those whose out-of-fold error on unseen pairs is at
 * most half that of the best single category.
 *
 * @param folds  [n]
 */
export function fitPlaces(
  columns: readonly NumberColumn[],
  numbers: StandardisedNumbers,
  groupings: readonly FittedGrouping[],
  folds: Uint8Array,
  seed: number,
): FittedPlaces[] {
  return groupings.flatMap(({ grouping }, index) =>
    columns.flatMap((column, number) => {
      const isDetermined = grouping.common !== null && grouping.remaining[number]! <= DETERMINED
      const hasPairs = grouping.keys.size >= FEWEST_PAIRS && grouping.keys.size <= MOST_PAIRS
      if (!isDetermined || !hasPairs) return []
      const fitted = placesOf(column, numbers, groupings, folds, seed, { number, index })
      return fitted === null ? [] : [fitted]
    }),
  )
}

/** The places of one number and grouping; null if they do not predict it well enough. */
function placesOf(
  column: NumberColumn,
  numbers: StandardisedNumbers,
  groupings: readonly FittedGrouping[],
  folds: Uint8Array,
  seed: number,
  { number, index }: { readonly number: number; readonly index: number },
): FittedPlaces | null {
  const { grouping, groupOf, ends } = groupings[index]!
  const z = numbers.columns[number]!
  const groups = grouping.keys.size
  const { median, used } = summariseGroups(z, numbers.ascending[number]!, groupOf, groups, folds)
  const byFold = Array.from({ length: FOLDS + 1 }, (_, without) => {
    const pairs = Array.from(grouping.keys).flatMap(([key, group]) => {
      const [a, b] = [Math.floor(key / grouping.stride), key % grouping.stride]
      const at = without * (groups + 1) + group
      return used[at]! > 0 && a !== b ? [{ a, b, length: toLength(column, median[at]!) }] : []
    })
    return placeValues(pairs, grouping.stride, seed)
  })
  const outOfFold = new Float32Array(z.length * PLACES_WIDTH)
  const errors: number[] = []
  const errorsWithout: number[] = []
  for (let row = 0; row < z.length; row++) {
    const placed = byFold[folds[row]!]!
    const [a, b] = [ends[2 * row]!, ends[2 * row + 1]!]
    const predicted = fromLength(column, lengthBetween(placed, a, b))
    if (Number.isNaN(predicted)) continue
    outOfFold.set([predicted, 1, Math.log1p(Math.min(placed.partners[a]!, placed.partners[b]!))], row * PLACES_WIDTH)
    const isUnseen = used[folds[row]! * (groups + 1) + groupOf[row]!] === 0
    if (!isUnseen || Number.isNaN(z[row])) continue
    errors.push(Math.abs(z[row]! - predicted))
    errorsWithout.push(Math.abs(z[row]! - singleMedian(groupings, number, row)))
  }
  const isBetter = errors.length >= FEWEST_UNSEEN && middle(errors) <= PLACES_LEAVE * middle(errorsWithout)
  return isBetter ? { places: { number, grouping: index, ...byFold[FOLDS]! }, outOfFold } : null
}

/** The out-of-fold median of the single category that leaves least of the number's spread. */
function singleMedian(groupings: readonly FittedGrouping[], number: number, row: number): number {
  const singles = groupings.filter(({ grouping }) => grouping.members.length === 1)
  const best = singles.reduce((a, b) => (b.grouping.remaining[number]! < a.grouping.remaining[number]! ? b : a))
  return best.outOfFold[row * (best.outOfFold.length / best.groupOf.length) + number]!
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
