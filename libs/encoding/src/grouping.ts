import type { CategoryColumn } from './conditional.js'
import { describeGroups, prepareNumbers, type StandardisedNumbers } from './group-statistics.js'
import { findTwins, type Vocabulary } from './vocabulary.js'

/** A way of grouping records whose groups describe the numbers: by one category, or by a pair of them. */
export interface Grouping {
  /** One or two category indices. */
  readonly members: readonly number[]
  /**
   * Of a pair whose categories share a vocabulary: [ids of the first] and [ids of the second] → common ids, so that a
   * pair and its reverse are one group (a route flown either way); null where order counts.
   */
  readonly common: readonly [Int32Array, Int32Array] | null
  /** Of a pair: id of the first · stride + id of the second → group; a single's groups are its ids. */
  readonly keys: ReadonlyMap<number, number>
  readonly stride: number
  /** [groups + 1, 2·dim + 2]; see GroupStatistics */
  readonly table: Float32Array
  /** [dim]; see GroupStatistics */
  readonly remaining: Float64Array
}

export interface FittedGrouping {
  readonly grouping: Grouping
  /** [n, 2·dim + 2] */
  readonly outOfFold: Float32Array
}

export const FOLDS = 5
/** Which pairs matter is seen on this many rows. */
const ROWS_FOR_CHOICE = 20_000
const MOST_PAIRS = 4
/** A pair matters when it leaves this share or less of what the best single leaves of some number's spread. */
const PAIR_LEAVES = 0.9
/** Wider contexts slow every conditioner of the flow more than they tell it. */
const LARGEST_CONTEXT = 512

/** The group that a record's category ids fall into; 0 is the unseen group. */
export function groupOfIds(grouping: Grouping, ids: Int32Array, offset: number): number {
  const { members, keys } = grouping
  const first = ids[offset + members[0]!]!
  if (members.length === 1) return first
  const key = pairKey(grouping, first, ids[offset + members[1]!]!)
  return key === 0 ? 0 : (keys.get(key) ?? 0)
}

/** 0 where one of the two is unseen. */
function pairKey({ common, stride }: Pick<Grouping, 'common' | 'stride'>, first: number, second: number): number {
  if (first === 0 || second === 0) return 0
  if (common === null) return first * stride + second
  const a = common[0][first]!
  const b = common[1][second]!
  return a < b ? a * stride + b : b * stride + a
}

/**
 * Fits the groupings that the context is made of: every category by itself, and the few pairs that shrink the
 * out-of-fold spread of some number beyond what the best single category does.
 *
 * @param columns  [categories]
 * @param order    [n]; a random order of the rows
 * @param folds    [n]
 */
export function fitGroupings(
  numbers: StandardisedNumbers,
  columns: readonly CategoryColumn[],
  order: Int32Array,
  folds: Uint8Array,
): FittedGrouping[] {
  if (numbers.columns.length === 0) return []
  const fit = (plan: Plan) => fitGrouping(numbers, plan, columns, folds)
  const singles = columns.map((_, k) => fit({ members: [k], common: null }))
  const pairs = choosePairs(numbers, columns, order, folds).map(fit)
  const room = Math.floor(LARGEST_CONTEXT / (2 * numbers.columns.length + 2)) - pairs.length
  const telling = singles.sort((a, b) => leastLeft(a) - leastLeft(b)).slice(0, Math.max(1, room))
  return [...telling, ...pairs]
}

/** A grouping before it is fitted. */
type Plan = Pick<Grouping, 'members' | 'common'>

function leastLeft({ grouping }: FittedGrouping): number {
  return grouping.remaining.reduce((least, share) => Math.min(least, share), 1)
}

/** The pairs that matter, and each one's unordered form where that leaves no more: it knows a route by its way back. */
function choosePairs(
  numbers: StandardisedNumbers,
  columns: readonly CategoryColumn[],
  order: Int32Array,
  folds: Uint8Array,
): Plan[] {
  const some = order.subarray(0, ROWS_FOR_CHOICE)
  const someNumbers = prepareNumbers(
    numbers.columns.map((z) => Float64Array.from(some, (row) => z[row]!)),
    numbers.floors,
  )
  const someColumns = columns.map(({ ids, vocabulary }) => ({
    ids: Int32Array.from(some, (row) => ids[row]!),
    vocabulary,
  }))
  const someFolds = Uint8Array.from(some, (row) => folds[row]!)
  const left = (plan: Plan) => fitGrouping(someNumbers, plan, someColumns, someFolds).grouping.remaining
  const singles = columns.map((_, k) => left({ members: [k], common: null }))
  const best = numbers.columns.map((_, j) => Math.min(1, ...singles.map((remaining) => remaining[j]!)))
  return columns
    .flatMap((_, a) => columns.slice(a + 1).map((_, k) => [a, a + 1 + k] as const))
    .map(([a, b]) => {
      const plan: Plan = { members: [a, b], common: null }
      const remaining = left(plan)
      // A thousandth of the spread is nothing: it keeps 0 / 0 out.
      const ratios = best.map((single, j) => (remaining[j]! + 1e-3) / (single + 1e-3))
      return {
        plan,
        remaining,
        least: Math.min(...ratios),
        gain: -ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0),
      }
    })
    .filter(({ least }) => least <= PAIR_LEAVES)
    .sort((a, b) => b.gain - a.gain)
    .slice(0, MOST_PAIRS)
    .flatMap(({ plan, remaining }) => {
      const common = commonIds(columns[plan.members[0]!]!.vocabulary, columns[plan.members[1]!]!.vocabulary)
      if (common === null) return [plan]
      const unordered = left({ ...plan, common })
      const isAsGood = unordered.some(
        (share, j) => remaining[j]! <= PAIR_LEAVES && share <= remaining[j]! * 1.05 + 1e-3,
      )
      return isAsGood ? [plan, { ...plan, common }] : [plan]
    })
}

/** Numbers the values of both vocabularies together; null where they share too few. */
export function commonIds(first: Vocabulary, second: Vocabulary): [Int32Array, Int32Array] | null {
  const twin = findTwins(first, second)
  if (twin === null) return null
  const ofFirst = Int32Array.from(twin, (_, id) => id)
  const ofSecond = Int32Array.from({ length: second.values.length + 1 }, (_, id) => (id > 0 ? twin.length + id : 0))
  twin.forEach((id, own) => {
    if (id > 0) ofSecond[id] = own
  })
  return [ofFirst, ofSecond]
}

function fitGrouping(
  numbers: StandardisedNumbers,
  { members, common }: Plan,
  columns: readonly CategoryColumn[],
  folds: Uint8Array,
): FittedGrouping {
  const [first, second] = members.map((k) => columns[k]!)
  const keys = new Map<number, number>()
  const sizes = [first!, second ?? first!].map(({ vocabulary }) => vocabulary.values.length + 1)
  const stride = common === null ? sizes[1]! : sizes[0]! + sizes[1]!
  const groupOf = second
    ? first!.ids.map((id, row) => numbered(keys, pairKey({ common, stride }, id, second.ids[row]!)))
    : first!.ids
  const groups = second ? keys.size : sizes[0]! - 1
  const { table, outOfFold, remaining } = describeGroups(numbers, groupOf, groups, folds, FOLDS)
  return { grouping: { members, common, keys, stride, table, remaining }, outOfFold }
}

/** Numbers keys by their first appearance, from 1; key 0 stays 0. */
function numbered(keys: Map<number, number>, key: number): number {
  if (key === 0) return 0
  const known = keys.get(key)
  if (known !== undefined) return known
  keys.set(key, keys.size + 1)
  return keys.size
}
