import { findTwins, type Vocabulary } from './vocabulary.js'

/** p(child | parent) of one edge of the tree: counts of pairs, backed off to the child's marginal. */
export interface Conditional {
  readonly parentCounts: Float64Array
  /** Number of rows by parent id · stride + child id; pairs with an unseen parent or child are not counted. */
  readonly pairs: ReadonlyMap<number, number>
  /** [parent ids]; number of different children seen with each, not counting its twin */
  readonly distinct: Float64Array
  /** Discount of each pair's count in favour of unseen pairs, from 0 to below 1. */
  readonly discount: number
  /** Child ids + 1. */
  readonly stride: number
  /** [parent ids]; the child id of the same value, 0 if there is none; null if the two do not share values */
  readonly twin: Int32Array | null
  /** Share of the rows in which the two are equal, plus half a row; without rows if equal pairs were treated as contamination. */
  readonly equality: number
  /** Whether a pair backs off to the reversed pair before it backs off to the child's marginal. */
  readonly reversible: boolean
  /** Counts for the reversed pairs; null if the two do not share values. */
  readonly back: {
    /** [child ids]; the parent id of the same value, 0 if there is none */
    readonly parentOf: Int32Array
    /** [child ids]; number of rows whose parent has a twin and another value than the child */
    readonly arrivals: Float64Array
    /** [child ids]; number of different such parents */
    readonly distinct: Float64Array
  } | null
}

/** One category of the training rows. */
export interface CategoryColumn {
  /** [n] */
  readonly ids: Int32Array
  readonly vocabulary: Vocabulary
}

/** κ: weight of the back-off, in rows. */
const BACK_OFF = 5
/** Bounds the discount for a table of keys, in which no pair occurs twice: δ would be 1 and remove every count. */
const LARGEST_DISCOUNT = 0.9

/**
 * Fits p(child | parent) by counting the pairs.
 *
 * @param rows           indices of the rows to count
 * @param contamination  equal values that make up a smaller share of the rows are treated as anomalies and not counted
 */
export function fitConditional(
  parent: CategoryColumn,
  child: CategoryColumn,
  rows: Int32Array,
  contamination: number,
): Conditional {
  const stride = child.vocabulary.values.length + 1
  const twin = findTwins(parent.vocabulary, child.vocabulary)
  const parentCounts = new Float64Array(parent.vocabulary.values.length + 1)
  const pairs = countPairs(parent, child, rows)
  for (const [key, count] of pairs) parentCounts[Math.floor(key / stride)]! += count
  const equals = twin === null ? 0 : countEquals(twin, pairs, stride)
  const isContamination = twin !== null && equals < contamination * rows.length
  if (isContamination) dropEquals(twin, pairs, stride, parentCounts)
  const equality = ((isContamination ? 0 : equals) + 0.5) / (rows.length + 1)
  return makeConditional({ parentCounts, pairs, stride, twin, equality, reversible: false })
}

/** Number of rows by parent id · stride + child id, by first appearance; pairs with an unseen parent or child are not counted. */
export function countPairs(parent: CategoryColumn, child: CategoryColumn, rows: Int32Array): Map<number, number> {
  const stride = child.vocabulary.values.length + 1
  const size = (parent.vocabulary.values.length + 1) * stride
  // An array is faster by an order of magnitude, and small if the values are few.
  const counts = size <= rows.length ? new Int32Array(size) : null
  const pairs = new Map<number, number>()
  for (const row of rows) {
    const u = parent.ids[row]!
    const v = child.ids[row]!
    if (u === 0 || v === 0) continue
    const key = u * stride + v
    if (counts === null) pairs.set(key, (pairs.get(key) ?? 0) + 1)
    else {
      if (counts[key] === 0) pairs.set(key, 0)
      counts[key]! += 1
    }
  }
  if (counts !== null) for (const key of pairs.keys()) pairs.set(key, counts[key]!)
  return pairs
}

export function makeConditional(counted: Omit<Conditional, 'back' | 'discount' | 'distinct'>): Conditional {
  const { pairs, stride, twin } = counted
  const distinct = new Float64Array(counted.parentCounts.length)
  const back = twin === null ? null : reverse(twin, stride)
  let singles = 0
  let doubles = 0
  for (const [key, count] of pairs) {
    const [u, v] = [Math.floor(key / stride), key % stride]
    // Equal values have a separate probability, from counts without discount.
    if (twin?.[u] === v) continue
    distinct[u]! += 1
    if (count === 1) singles++
    if (count === 2) doubles++
    if (back === null || twin![u] === 0) continue
    back.arrivals[v]! += count
    back.distinct[v]! += 1
  }
  const discount = singles === 0 ? 0 : singles / (singles + 2 * doubles)
  return { ...counted, distinct, discount: Math.min(discount, LARGEST_DISCOUNT), back }
}

function reverse(twin: Int32Array, stride: number): NonNullable<Conditional['back']> {
  const parentOf = new Int32Array(stride)
  twin.forEach((v, u) => {
    if (v > 0) parentOf[v] = u
  })
  return { parentOf, arrivals: new Float64Array(stride), distinct: new Float64Array(stride) }
}

/**
 * p(v | u). An unseen value has the same probability with every parent, and the known values share the rest:
 *
 *     p(unseen | u) = p(unseen)        p(v | u) = (1 − p(unseen))·q(v | u)        p(v | u) = p(v) where u itself is unseen
 *
 * with κ = 5 rows of back-off, and a discount δ = n₁ / (n₁ + 2·n₂) that moves from the count of every seen pair to the unseen
 * pairs (n₁ pairs were seen once, n₂ twice; t_u different children were seen with u):
 *
 *     q(v | u) = (n_uv − δ·[n_uv > 0] + (κ + δ·t_u)·b(v | u)) / (n_u + κ)        b(v | u) = q(v) = p(v) / (1 − p(unseen))
 *
 * Where the two share a vocabulary (an origin and a destination), equality is modelled first,
 *
 *     q(u | u) = e_u = (n_uu + κ·e) / (n_u + κ)
 *
 * and the unequal values share 1 − e_u by the formula above without n_uu. If it is better on held-out rows, they back off
 * to the reversed pair before the marginal:
 *
 *     b(v | u) = a   or   (n_vu − δ·[n_vu > 0] + (κ + δ·t_·u)·a) / (n_·u − n_uu + κ)        a = q(v) / (1 − q(u))
 *
 * @param childMarginal  [child ids]; p(v), sums to 1
 * @returns sums to 1 over all v, the unseen value included
 * @see Kneser & Ney 1995, ICASSP, for the discount
 */
export function conditional(edge: Conditional, childMarginal: Float64Array, u: number, v: number): number {
  if (u === 0 || v === 0) return childMarginal[v]!
  const known = 1 - childMarginal[0]!
  const total = edge.parentCounts[u]!
  const twin = edge.twin === null ? 0 : edge.twin[u]!
  const qOfV = childMarginal[v]! / known
  if (twin === 0) return known * discounted(edge, countOf(edge, u, v), total, edge.distinct[u]!, qOfV)
  const equals = countOf(edge, u, twin)
  const equal = (equals + BACK_OFF * edge.equality) / (total + BACK_OFF)
  if (v === twin) return known * equal
  const alone = qOfV / (1 - childMarginal[twin]! / known)
  const backOff = edge.reversible && edge.back !== null ? reversed(edge, edge.back, twin, v, alone) : alone
  return known * (1 - equal) * discounted(edge, countOf(edge, u, v), total - equals, edge.distinct[u]!, backOff)
}

/** Among the rows whose child has the value of u, the share whose parent has the value of v, backed off to `alone`. */
function reversed(edge: Conditional, back: NonNullable<Conditional['back']>, twin: number, v: number, alone: number) {
  const from = back.parentOf[v]!
  const counted = from === 0 ? 0 : countOf(edge, from, twin)
  return discounted(edge, counted, back.arrivals[twin]!, back.distinct[twin]!, alone)
}

/** (n − δ·[n > 0] + (κ + δ·t)·b) / (total + κ) */
function discounted({ discount }: Conditional, counted: number, total: number, distinct: number, backOff: number) {
  const kept = counted > 0 ? counted - discount : 0
  return (kept + (BACK_OFF + discount * distinct) * backOff) / (total + BACK_OFF)
}

function countOf({ pairs, stride }: Conditional, u: number, v: number): number {
  return pairs.get(u * stride + v) ?? 0
}

function countEquals(twin: Int32Array, pairs: ReadonlyMap<number, number>, stride: number): number {
  return twin.reduce((sum, v, u) => sum + (v > 0 ? (pairs.get(u * stride + v) ?? 0) : 0), 0)
}

function dropEquals(twin: Int32Array, pairs: Map<number, number>, stride: number, parentCounts: Float64Array): void {
  twin.forEach((v, u) => {
    if (v === 0) return
    parentCounts[u]! -= pairs.get(u * stride + v) ?? 0
    pairs.delete(u * stride + v)
  })
}
