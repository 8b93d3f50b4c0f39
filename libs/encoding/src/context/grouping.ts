import { setImmediate } from 'node:timers/promises'
import type { CategoryColumn } from '../categories/conditional.js'
import { findTwins, type Vocabulary } from '../categories/vocabulary.js'
import { describeGroups, prepareNumbers, type StandardisedNumbers } from './group-statistics.js'

/** A grouping of the records by one category or by a pair of categories; the numbers of a record are described by its group. */
export interface Grouping {
  /** Category indices. */
  readonly members: readonly [first: number, second?: number]
  /**
   * For a pair of categories that share a vocabulary: [ids of the first] and [ids of the second] → common ids, so that a
   * pair and its reverse are one group (a route in either direction); null if order counts.
   */
  readonly common: readonly [Int32Array, Int32Array] | null
  /** For a pair: id of the first · stride + id of the second → group. Empty for a single category, whose ids are the groups. */
  readonly keys: ReadonlyMap<number, number>
  readonly stride: number
  /** [groups + 1, 2·dim + 2]; see GroupStatistics */
  readonly table: Float32Array
  /** [dim]; see GroupStatistics */
  readonly remaining: Float64Array
}

export interface FittedGrouping {
  readonly grouping: Grouping
  /** [n]; the group of each training row, 0 for none */
  readonly groupOf: Int32Array
  /** [n, 2]; the common ids of an unordered pair, 0 if unseen; empty for other groupings */
  readonly ends: Int32Array
  /** [n, 2·dim + 2] */
  readonly outOfFold: Float32Array
}

/** Pairs are chosen on this many rows, and on fewer where pairs × numbers × rows would exceed the budget. */
const ROWS_FOR_CHOICE = 20_000
const FEWEST_FOR_CHOICE = 2_000
const CHOICE_BUDGET = 6_000_000
const MOST_PAIRS = 4
/** If there are more categories, only those that explain most of some number are paired. */
const CATEGORIES_PAIRED = 16
/** A pair matters if it leaves at most this share of the spread that the best single category leaves of some number. */
const PAIR_LEAVES = 0.9
/** The order of a pair matters if the unordered pair leaves this many times the spread of a number for which the pair matters. */
const ORDER_MATTERS = 1.05
/** A wider context costs every conditioner of the flow time, and improves little. */
const LARGEST_CONTEXT = 256

/** The group that a record's category ids fall into; 0 is the unseen group. */
export function groupOfIds(grouping: Grouping, ids: Int32Array, offset: number): number {
  const { members, keys } = grouping
  const [first, second] = members
  if (second === undefined) return ids[offset + first]!
  const key = pairKey(grouping, ids[offset + first]!, ids[offset + second]!)
  return key === 0 ? 0 : (keys.get(key) ?? 0)
}

/** Key of a pair; 0 if one of the two is unseen. */
function pairKey({ common, stride }: Pick<Grouping, 'common' | 'stride'>, first: number, second: number): number {
  if (first === 0 || second === 0) return 0
  if (common === null) return first * stride + second
  const a = common[0][first]!
  const b = common[1][second]!
  return a < b ? a * stride + b : b * stride + a
}

/**
 * Fits the groupings of the context: the single categories, and a few pairs that reduce the out-of-fold spread of some number
 * further than the best single category does.
 *
 * @param columns        [categories]
 * @param order          [n]; a random order of the rows
 * @param folds          [n]
 * @param contamination  pairs of equal values rarer than this are treated as anomalies and form no group
 */
export async function fitGroupings(
  numbers: StandardisedNumbers,
  columns: readonly CategoryColumn[],
  order: Int32Array,
  folds: Uint8Array,
  contamination: number,
): Promise<FittedGrouping[]> {
  if (numbers.columns.length === 0) return []
  const rows: GroupedRows = { numbers, columns, folds, contamination }
  const fitEach = async (plans: readonly Plan[]) => {
    const fitted: FittedGrouping[] = []
    for (const plan of plans) {
      await setImmediate()
      fitted.push(fitGrouping(rows, plan))
    }
    return fitted
  }
  const some = subset(rows, order.subarray(0, rowsForChoice(columns.length, numbers.columns.length)))
  const left = columns.map((_, k) => fitGrouping(some, { members: [k], common: null }).grouping.remaining)
  // Chosen before they are fitted: the statistics of one category have twice as many columns as the record has numbers.
  const room = Math.max(1, Math.floor(LARGEST_CONTEXT / (2 * numbers.columns.length + 2)))
  const pairs = await fitEach(choosePairs(some, left).slice(0, room - 1))
  const informative = mostInformative(left, room - pairs.length)
  const singles = await fitEach(informative.map((k) => ({ members: [k], common: null })))
  return [...singles.sort((a, b) => leastLeft(a) - leastLeft(b)), ...pairs]
}

/** The `count` categories that leave least of some number, in the order of the columns. */
function mostInformative(left: readonly Float64Array[], count: number): readonly number[] {
  return [...left.keys()]
    .sort((a, b) => Math.min(...left[a]!) - Math.min(...left[b]!))
    .slice(0, count)
    .sort((a, b) => a - b)
}

function rowsForChoice(categories: number, numbers: number): number {
  const paired = Math.min(categories, CATEGORIES_PAIRED)
  const work = (numbers * paired * (paired + 1)) / 2
  return Math.min(ROWS_FOR_CHOICE, Math.max(FEWEST_FOR_CHOICE, Math.floor(CHOICE_BUDGET / work)))
}

/** A grouping before it is fitted. */
type Plan = Pick<Grouping, 'members' | 'common'>

interface GroupedRows {
  readonly numbers: StandardisedNumbers
  readonly columns: readonly CategoryColumn[]
  readonly folds: Uint8Array
  readonly contamination: number
}

function leastLeft({ grouping }: FittedGrouping): number {
  return grouping.remaining.reduce((least, share) => Math.min(least, share), 1)
}

/**
 * The pairs that matter, unordered where order does not matter: the group then contains both directions of a route, and one
 * wrong row has less effect on a median of twice the rows.
 *
 * @param singles  [categories][dim]; what each category leaves of each number
 */
function choosePairs(rows: GroupedRows, singles: readonly Float64Array[]): Plan[] {
  const { numbers, columns } = rows
  const left = (plan: Plan) => fitGrouping(rows, plan).grouping.remaining
  const best = numbers.columns.map((_, j) => Math.min(1, ...singles.map((remaining) => remaining[j]!)))
  const informative = mostInformative(singles, CATEGORIES_PAIRED)
  return informative
    .flatMap((a, place) => informative.slice(place + 1).map((b) => [a, b] as const))
    .map(([a, b]) => {
      const plan = { members: [a, b], common: null } satisfies Plan
      const remaining = left(plan)
      // A thousandth of the spread is negligible; adding it avoids 0 / 0.
      const ratios = best.map((single, j) => (remaining[j]! + 1e-3) / (single + 1e-3))
      return {
        plan,
        remaining,
        ratios,
        least: Math.min(...ratios),
        gain: -ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0),
      }
    })
    .filter(({ least }) => least <= PAIR_LEAVES)
    .sort((a, b) => b.gain - a.gain)
    .slice(0, MOST_PAIRS)
    .map(({ plan, remaining, ratios }) => {
      const common = commonIds(columns[plan.members[0]]!.vocabulary, columns[plan.members[1]]!.vocabulary)
      if (common === null) return plan
      const unordered = left({ ...plan, common })
      const isAsGood = unordered.every(
        (share, j) => ratios[j]! > PAIR_LEAVES || share <= remaining[j]! * ORDER_MATTERS + 1e-3,
      )
      return isAsGood ? { ...plan, common } : plan
    })
}

/** Assigns common ids to the values of both vocabularies; null if they share too few. */
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

function subset({ numbers, columns, folds, contamination }: GroupedRows, rows: Int32Array): GroupedRows {
  return {
    numbers: prepareNumbers(
      numbers.columns.map((z) => Float64Array.from(rows, (row) => z[row]!)),
      numbers.floors,
    ),
    columns: columns.map(({ ids, vocabulary }) => ({ ids: Int32Array.from(rows, (row) => ids[row]!), vocabulary })),
    folds: Uint8Array.from(rows, (row) => folds[row]!),
    contamination,
  }
}

function fitGrouping({ numbers, columns, folds, contamination }: GroupedRows, plan: Plan): FittedGrouping {
  const [first, second] = plan.members
  const { keys, stride, groups, groupOf, ends } =
    second === undefined
      ? groupByCategory(columns[first]!)
      : groupByPair(columns[first]!, columns[second]!, plan.common, contamination)
  const { table, outOfFold, remaining } = describeGroups(numbers, groupOf, groups, folds)
  return { grouping: { ...plan, keys, stride, table, remaining }, groupOf, ends, outOfFold }
}

/** The groups of the rows, before they are described. */
interface RowGroups extends Pick<Grouping, 'keys' | 'stride'>, Pick<FittedGrouping, 'groupOf' | 'ends'> {
  /** Number of groups. */
  readonly groups: number
}

function groupByCategory({ ids, vocabulary }: CategoryColumn): RowGroups {
  const groups = vocabulary.values.length
  return { keys: new Map(), stride: groups + 1, groups, groupOf: ids, ends: new Int32Array(0) }
}

function groupByPair(
  first: CategoryColumn,
  second: CategoryColumn,
  common: Grouping['common'],
  contamination: number,
): RowGroups {
  const [ofFirst, ofSecond] = [first.vocabulary.values.length + 1, second.vocabulary.values.length + 1]
  const stride = common === null ? ofSecond : ofFirst + ofSecond
  const excluded = contaminatedTwins(first, second, contamination)
  const keys = new Map<number, number>()
  const groupOf = first.ids.map((id, row) => {
    const other = second.ids[row]!
    return excluded?.[id] === other ? 0 : numbered(keys, pairKey({ common, stride }, id, other))
  })
  const ends = new Int32Array(common === null ? 0 : 2 * groupOf.length)
  if (common !== null) {
    first.ids.forEach((id, row) => {
      ends[2 * row] = common[0][id]!
      ends[2 * row + 1] = common[1][second.ids[row]!]!
    })
  }
  return { keys, stride, groups: keys.size, groupOf, ends }
}

/** [ids of the first]: the id of the same value in the second; null unless pairs of equal values are rarer than the contamination. */
function contaminatedTwins(first: CategoryColumn, second: CategoryColumn, contamination: number): Int32Array | null {
  const twin = findTwins(first.vocabulary, second.vocabulary)
  if (twin === null) return null
  const equals = first.ids.reduce((sum, id, row) => sum + (id > 0 && twin[id] === second.ids[row] ? 1 : 0), 0)
  return equals < contamination * first.ids.length ? twin : null
}

/** Numbers keys by their first appearance, from 1; key 0 stays 0. */
function numbered(keys: Map<number, number>, key: number): number {
  if (key === 0) return 0
  const known = keys.get(key)
  if (known !== undefined) return known
  keys.set(key, keys.size + 1)
  return keys.size
}
