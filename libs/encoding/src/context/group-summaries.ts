export const FOLDS = 5

/** Statistics of each group without fold f at index f · (groups + 1) + group; f = FOLDS: of the whole group. */
interface GroupSummaries {
  readonly median: Float64Array
  /** Median absolute distance from that median. */
  readonly mad: Float64Array
  /** Number of rows in the median and the MAD. */
  readonly used: Int32Array
}

/**
 * Summarises one number by group, with and without each fold.
 *
 * @param z          [n]
 * @param ascending  rows that have the number, by ascending z
 * @param groupOf    [n]; 1 … groups, 0 for none
 */
export function summariseGroups(
  z: Float64Array,
  ascending: Int32Array,
  groupOf: Int32Array,
  groups: number,
  folds: Uint8Array,
): GroupSummaries {
  const { rows, starts } = membersByGroup(ascending, groupOf, groups)
  const size = (FOLDS + 1) * (groups + 1)
  const median = new Float64Array(size)
  const mad = new Float64Array(size)
  const used = new Int32Array(size)
  const kept = new Float64Array(rows.length)
  for (let group = 1; group <= groups; group++) {
    for (let without = 0; without <= FOLDS; without++) {
      let count = 0
      for (let at = starts[group]!; at < starts[group + 1]!; at++) {
        if (folds[rows[at]!] !== without) kept[count++] = z[rows[at]!]!
      }
      if (count === 0) continue
      const index = without * (groups + 1) + group
      const middle = (count - 1) >> 1
      median[index] = kept[middle]!
      mad[index] = distanceToHalf(kept, count, middle)
      used[index] = count
    }
  }
  return { median, mad, used }
}

/**
 * Distributes ascending rows over their groups, so that each group is ascending without another sort.
 *
 * @returns the rows of group g are rows[starts[g]] … rows[starts[g + 1] − 1]
 */
function membersByGroup(ascending: Int32Array, groupOf: Int32Array, groups: number) {
  const starts = new Int32Array(groups + 2)
  for (const row of ascending) starts[groupOf[row]! + 1]! += 1
  for (let group = 0; group <= groups; group++) starts[group + 1]! += starts[group]!
  const next = starts.slice()
  const rows = new Int32Array(ascending.length)
  for (const row of ascending) {
    const group = groupOf[row]!
    rows[next[group]!] = row
    next[group]! += 1
  }
  return { rows, starts }
}

/** The MAD of ascending values: the distance from the middle within which half of them are. */
function distanceToHalf(ascending: Float64Array, count: number, middle: number): number {
  const centre = ascending[middle]!
  let left = middle - 1
  let right = middle + 1
  let distance = 0
  for (let passed = 1; passed < (count + 1) >> 1; passed++) {
    const below = left >= 0 ? centre - ascending[left]! : Number.POSITIVE_INFINITY
    const above = right < count ? ascending[right]! - centre : Number.POSITIVE_INFINITY
    if (below <= above) {
      distance = below
      left--
    } else {
      distance = above
      right++
    }
  }
  return distance
}
