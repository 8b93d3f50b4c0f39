/**
 * Returns the indexes of the columns whose numbers are codes rather than quantities, such as the number of a shop or a status: whole
 * numbers that repeat, and that as categories determine some other column far better than any column by their order.
 *
 * A column is determined by the share of the variance of its ranks that a prediction explains. The prediction is fitted to the even rows
 * and tested on the odd ones: as categories it is the mean of each value; by order, the mean of the four nearest values, or of the fifth
 * of the rows that contains the value.
 *
 * @param columns  [columns][rows]; NaN is missing
 */
export function codesAmong(columns: readonly Float64Array[]): number[] {
  const ranks = columns.map(standardisedRanks)
  return [...columns.keys()].filter((at) => {
    const values = distinctValues(columns[at]!)
    return values !== null && isCode(values, thinned(ranks.toSpliced(at, 1), MOST_COMPARED))
  })
}

/** Fewer values are described as well by their order. */
const FEWEST_VALUES = 10
/** The largest share of the rows with a value that no other row has: new records would have new values as often. */
const MOST_SINGLE = 0.01
/** Chosen by every second table of OddBench, where it finds only codes; .15 also finds a rank of eleven values. */
const LEAST_GAIN = 0.3
/** Bounds the time for wide tables. */
const MOST_COMPARED = 50
const FEWEST_ROWS = 200
const PARTS = 5

interface Values {
  /** [rows]; index of the row's value among the distinct ones in their order, −1: missing */
  readonly ids: Int32Array
  /** [values]; the fifth of the rows in which the value is */
  readonly parts: Int32Array
}

/** Returns null unless the numbers may be codes. */
function distinctValues(column: Float64Array): Values | null {
  const present = column.filter((value) => !Number.isNaN(value)).sort()
  if (present.length < FEWEST_ROWS || !present.every(Number.isInteger)) return null
  const counts = new Map<number, number>()
  for (const value of present) counts.set(value, (counts.get(value) ?? 0) + 1)
  const single = [...counts.values()].filter((count) => count === 1).length
  if (counts.size < FEWEST_VALUES || single > MOST_SINGLE * present.length) return null
  const idOf = new Map(Array.from(counts.keys(), (value, id) => [value, id]))
  let before = 0
  const parts = Int32Array.from(counts.values(), (count) => {
    const middle = before + count / 2
    before += count
    return Math.floor((PARTS * middle) / present.length)
  })
  return { ids: Int32Array.from(column, (value) => idOf.get(value) ?? -1), parts }
}

function isCode({ ids, parts }: Values, others: readonly Float64Array[]): boolean {
  const partOfRow = ids.map((id) => (id === -1 ? -1 : parts[id]!))
  let asCategories = 0
  let byOrder = 0
  for (const other of others) {
    const { sums, counts } = sumsOf(ids, parts.length, other)
    asCategories = Math.max(asCategories, explained(ids, other, means(sums, counts)))
    byOrder = Math.max(byOrder, explained(ids, other, means(aroundEach(sums), aroundEach(counts))))
    const ofParts = sumsOf(partOfRow, PARTS, other)
    byOrder = Math.max(byOrder, explained(partOfRow, other, means(ofParts.sums, ofParts.counts)))
    if (byOrder > 1 - LEAST_GAIN) return false
  }
  return asCategories - byOrder >= LEAST_GAIN
}

/** Sums of a column in the even rows of each group, and their counts. */
function sumsOf(ids: Int32Array, groups: number, column: Float64Array) {
  const sums = new Float64Array(groups)
  const counts = new Float64Array(groups)
  for (let row = 0; row < ids.length; row += 2) {
    if (ids[row] === -1 || Number.isNaN(column[row])) continue
    sums[ids[row]!]! += column[row]!
    counts[ids[row]!]! += 1
  }
  return { sums, counts }
}

/** Means of groups, shrunk towards 0, the mean of all, by one row. */
const means = (sums: Float64Array, counts: Float64Array): Float64Array =>
  sums.map((sum, group) => sum / (counts[group]! + 1))

/** The sum over the two values before each and the two after it. */
const aroundEach = (sums: Float64Array): Float64Array =>
  sums.map((_, at) => [-2, -1, 1, 2].reduce((sum, step) => sum + (sums[at + step] ?? 0), 0))

/** Share of a column's variance in the odd rows that the predictions for their groups explain; negative if they make it worse. */
function explained(ids: Int32Array, column: Float64Array, predictions: Float64Array): number {
  let total = 0
  let left = 0
  for (let row = 1; row < ids.length; row += 2) {
    if (ids[row] === -1 || Number.isNaN(column[row])) continue
    total += column[row]! ** 2
    left += (column[row]! - predictions[ids[row]!]!) ** 2
  }
  return total === 0 ? 0 : 1 - left / total
}

/** Ranks with mean 0, equal numbers sharing their mean rank; NaN where the number is missing. */
function standardisedRanks(column: Float64Array): Float64Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort()
  const rankOf = new Map<number, number>()
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to] === sorted[from]) to += 1
    rankOf.set(sorted[from]!, (from + to - sorted.length) / 2)
  }
  return column.map((value) => rankOf.get(value) ?? Number.NaN)
}

/** At most so many items of a list, in equal steps. */
export function thinned<T>(list: readonly T[], most: number): readonly T[] {
  const step = Math.ceil(list.length / most)
  return list.filter((_, at) => at % step === 0)
}
