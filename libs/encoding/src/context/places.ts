import { adam } from '@outflow/flow'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { type NumberColumn, ownToLine, standardise, unstandardise } from '../numbers/number-column.js'

/**
 * Coordinates in space of the values that two categories share. The distance between two values approximates the number that
 * their pair determines, and so predicts the number of an unseen pair.
 */
export interface Places {
  /** Index of the number that the pair determines. */
  readonly number: number
  /** Index of the unordered grouping whose groups are the pairs. */
  readonly grouping: number
  /** [common ids, 3], in the unit of lengths */
  readonly coordinates: Float32Array
  /** [common ids]; number of pairs that placed each value; 0 for a value without coordinates */
  readonly partners: Int32Array
}

/** A pair of common ids, and its number as a length. */
interface PlacedPair {
  readonly a: number
  readonly b: number
  readonly length: number
}

/** Three, although the earth is a surface: distances along it are curved, and with a third dimension the descent reaches better minima. */
const DIMENSIONS = 3
/** Bound on steps × pairs: the more pairs, the fewer steps. `fitPlaces` discards a fit that is too coarse. */
const BUDGET = 4_000_000
const MOST_STEPS = 2_000
const FEWEST_STEPS = 200
const LEARNING_RATE = 0.03
/** Bound of a residual in the gradient: a pair with a wrong number has no larger effect than another. */
const LARGEST_PULL = 0.1

/**
 * Places values by gradient descent on Σ over pairs huber(‖a − b‖ − length), from a random start.
 *
 * @param size  common ids
 * @param seed  whole number; the same seed gives the same coordinates
 * @see Kruskal 1964, Psychometrika 29, for metric scaling by gradient descent
 */
export function placeValues(pairs: readonly PlacedPair[], size: number, seed: number) {
  const random = xoroshiro128plus(seed)
  const partners = new Int32Array(size)
  for (const { a, b } of pairs) for (const id of [a, b]) partners[id]! += 1
  const spread = pairs.reduce((sum, { length }) => sum + length, 0) / Math.max(1, pairs.length)
  const coordinates = Float64Array.from(
    { length: size * DIMENSIONS },
    () => spread * (uniformFloat64(random) - uniformFloat64(random)),
  )
  const gradient = new Float64Array(coordinates.length)
  const move = adam(coordinates.length)
  const steps = Math.max(FEWEST_STEPS, Math.min(MOST_STEPS, Math.floor(BUDGET / Math.max(1, pairs.length))))
  for (let step = 1; step <= steps; step++) {
    gradient.fill(0)
    for (const pair of pairs) {
      const [a, b] = [pair.a * DIMENSIONS, pair.b * DIMENSIONS]
      const apart = distance(coordinates, a, b) + 1e-9
      const pull = Math.max(-LARGEST_PULL, Math.min(LARGEST_PULL, apart - pair.length)) / apart
      for (let axis = 0; axis < DIMENSIONS; axis++) {
        const share = pull * (coordinates[a + axis]! - coordinates[b + axis]!)
        gradient[a + axis]! += share
        gradient[b + axis]! -= share
      }
    }
    move(coordinates, gradient, LEARNING_RATE * (1 - step / steps))
  }
  return { coordinates: Float32Array.from(coordinates), partners }
}

/** The length between two common ids; NaN if one of them has no place. */
export function lengthBetween(
  { coordinates, partners }: Pick<Places, 'coordinates' | 'partners'>,
  a: number,
  b: number,
) {
  if (partners[a] === 0 || partners[b] === 0) return Number.NaN
  return distance(coordinates, a * DIMENSIONS, b * DIMENSIONS)
}

/** Converts a number to a length: distances are additive in the record's unit, also where the column has a log scale. */
export function toLength(column: NumberColumn, z: number): number {
  return unstandardise(column, z) / lengthUnit(column)
}

/** Converts a length to z; NaN stays NaN. */
export function fromLength(column: NumberColumn, length: number): number {
  return standardise(column, ownToLine(column, length * lengthUnit(column)))
}

/** The spread of the column, own unit. */
function lengthUnit({ logUnit, scale, quantiles }: NumberColumn): number {
  if (logUnit === undefined) return scale
  const quarter = (quantiles.length - 1) / 4
  return quantiles[3 * quarter]! - quantiles[quarter]! || 1
}

function distance(coordinates: Float32Array | Float64Array, a: number, b: number): number {
  let squares = 0
  for (let axis = 0; axis < DIMENSIONS; axis++) squares += (coordinates[a + axis]! - coordinates[b + axis]!) ** 2
  return Math.sqrt(squares)
}
