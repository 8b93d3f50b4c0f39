import { FOLDS, summariseGroups } from './group-summaries.js'

/**
 * Statistics of every number by one grouping of the records (a category, or a pair of them): per group the median
 * and the log of the shrunken deviation of each standardised number, and log(1 + count).
 */
interface GroupStatistics {
  /** [groups + 1, 2·dim + 2]: medians, log deviations, whether seen (0 or 1), log count; row 0, the unseen group, is zeros */
  readonly table: Float32Array
  /** [n, 2·dim + 2]; the same of each row's group, from the other folds */
  readonly outOfFold: Float32Array
  /** [dim]; MAD after subtracting the group's out-of-fold median, as a share of the MAD before; at most 1 */
  readonly remaining: Float64Array
}

/** The numbers that describe groups, prepared once for all groupings. */
export interface StandardisedNumbers {
  /** [dim][n]; z, NaN is missing */
  readonly columns: readonly Float64Array[]
  /** [dim]; rows that have the number, by ascending z */
  readonly ascending: readonly Int32Array[]
  /** [dim]; median absolute distance from the median */
  readonly spreads: readonly number[]
  /** [dim]; the smallest deviation that is distinguished: half the column's step or more, in z */
  readonly floors: readonly number[]
}

/** Weight of the typical deviation in a group's deviation, in rows. */
const SHRINKAGE = 5
/** Deviation of a normal distribution over its median absolute deviation. */
const DEVIATION_PER_MAD = 1.4826
/** A grouping explains nothing if the other folds have seen the group of a smaller share of the rows than this. */
const SEEN_SHARE = 0.25

export function prepareNumbers(columns: readonly Float64Array[], floors: readonly number[]): StandardisedNumbers {
  const ascending = columns.map((z) => {
    const rows = Int32Array.from(z.keys()).filter((row) => !Number.isNaN(z[row]))
    return rows.sort((a, b) => z[a]! - z[b]!)
  })
  return { columns, ascending, floors, spreads: columns.map((z, j) => medianDistance(z, ascending[j]!)) }
}

/**
 * Computes the statistics of the groups, over all rows and with each fold left out.
 *
 *     deviation = (n·1.4826·MAD + 5·typical) / (n + 5)        typical = 1.4826 · median |z − group's median|, out of fold
 *
 * Out of fold, so that the context of a training row does not contain the row itself, as at scoring.
 *
 * @param groupOf  [n]; 1 … groups, 0 for none
 * @param folds    [n]; 0 … FOLDS − 1
 */
export function describeGroups(
  numbers: StandardisedNumbers,
  groupOf: Int32Array,
  groups: number,
  folds: Uint8Array,
): GroupStatistics {
  const dim = numbers.columns.length
  const stride = 2 * dim + 2
  const table = new Float32Array((groups + 1) * stride)
  const outOfFold = new Float32Array(groupOf.length * stride)
  const without = (row: number) => folds[row]! * (groups + 1) + groupOf[row]!
  const fillAll = (fill: (target: Float32Array, row: number, at: number) => void) => {
    for (let group = 1; group <= groups; group++) fill(table, group, FOLDS * (groups + 1) + group)
    for (let row = 0; row < groupOf.length; row++) if (groupOf[row] !== 0) fill(outOfFold, row, without(row))
  }
  const counts = countRows(groupOf, groups, folds)
  fillAll((target, row, at) => {
    target[(row + 1) * stride - 2] = counts[at]! > 0 ? 1 : 0
    target[(row + 1) * stride - 1] = Math.log1p(counts[at]!)
  })
  const remaining = numbers.columns.map((z, j) => {
    const { median, mad, used } = summariseGroups(z, numbers.ascending[j]!, groupOf, groups, folds)
    const rows = evenSubset(numbers.ascending[j]!)
    const seen = rows.filter((row) => used[without(row)]! > 0)
    const after = medianOf(Float64Array.from(seen, (row) => Math.abs(z[row]! - median[without(row)]!)))
    const floor = numbers.floors[j]!
    const typical = Math.max(DEVIATION_PER_MAD * after, floor)
    const logDeviation = (at: number) => {
      const raw = used[at]! * DEVIATION_PER_MAD * mad[at]!
      return Math.log(Math.max((raw + SHRINKAGE * typical) / (used[at]! + SHRINKAGE), floor))
    }
    fillAll((target, row, at) => {
      if (used[at] === 0) return
      target[row * stride + j] = median[at]!
      target[row * stride + dim + j] = logDeviation(at)
    })
    if (seen.length < SEEN_SHARE * rows.length) return 1
    const before = numbers.spreads[j]!
    return before > 0 ? Math.min(1, after / before) : 1
  })
  return { table, outOfFold, remaining: Float64Array.from(remaining) }
}

/** Number of rows of each group without fold f, scaled up to all folds, at the index as in GroupSummaries. */
function countRows(groupOf: Int32Array, groups: number, folds: Uint8Array): Float64Array {
  const counts = new Float64Array((FOLDS + 1) * (groups + 1))
  groupOf.forEach((group, row) => {
    for (let fold = 0; fold <= FOLDS; fold++) if (fold !== folds[row]) counts[fold * (groups + 1) + group]! += 1
  })
  const whole = FOLDS * (groups + 1)
  return counts.map((count, at) => (at < whole ? (count * FOLDS) / (FOLDS - 1) : count))
}

function medianDistance(z: Float64Array, ascending: Int32Array): number {
  const middle = z[ascending[ascending.length >> 1]!]!
  return medianOf(Float64Array.from(evenSubset(ascending), (row) => Math.abs(z[row]! - middle)))
}

/** About ROWS_FOR_SPREAD of the ascending rows at most, evenly spaced. */
function evenSubset(ascending: Int32Array): Int32Array {
  const stride = Math.ceil(ascending.length / ROWS_FOR_SPREAD)
  return stride <= 1 ? ascending : ascending.filter((_, place) => place % stride === 0)
}

/** A median of absolute distances has an error of 1 to 2 % with this many rows. */
const ROWS_FOR_SPREAD = 5_000

function medianOf(values: Float64Array): number {
  return values.length === 0 ? 0 : values.sort()[values.length >> 1]!
}
