import type { Fields } from '@outflow/records/fields'
import type { Conditional } from './categories/conditional.js'
import { groupOfIds } from './context/grouping.js'
import { anchorOf } from './encode.js'
import { type Encoder, flagsAt, groupWidth } from './encoder.js'
import { periodHours, timeAtHours } from './numbers/cycle.js'
import {
  fromLine,
  keepSeen,
  type NumberColumn,
  ownToLine,
  roundToStep,
  toOwn,
  unstandardise,
} from './numbers/number-column.js'

/**
 * Candidate values of number j of a record, for quadrature along its axis: plausible values only, denser around the medians
 * of the record's groups, where the density may be narrow.
 *
 * @param ids   [categories]; ids of the record
 * @param most  approximate number of values
 * @returns ascending, without duplicates; in the column's own unit (cyclic: hours since the cut)
 */
export function numberAlternatives(encoder: Encoder, ids: Int32Array, j: number, most: number): Float64Array {
  const column = encoder.numbers[j]!
  const { quantiles } = column
  const [lowest, highest] = [ownToLine(column, quantiles[0]!), ownToLine(column, quantiles.at(-1)!)]
  // The same number of points each: quantiles of the training values, even steps between the outermost, around group medians.
  const hasGroups = encoder.groupings.length > 0
  const part = Math.max(8, Math.floor(most / (hasGroups ? 3 : 2)))
  const stride = Math.ceil(quantiles.length / part)
  const grid = quantiles.filter((_, k) => k % stride === 0)
  for (let k = 0; k <= part; k++) grid.push(fromLine(column, lowest + ((highest - lowest) * k) / part))
  const sigma = encoder.noise[j]!
  const medians = Math.max(1, Math.floor(part / (2 * STEPS.length + 1)))
  for (const median of hasGroups ? groupMedians(encoder, ids, j, medians) : []) {
    grid.push(unstandardise(column, median))
    for (const step of STEPS) {
      grid.push(unstandardise(column, median - step * sigma), unstandardise(column, median + step * sigma))
    }
  }
  return tidy(column, grid, plausibleRange(encoder, ids, j))
}

/**
 * A few candidate values, enough to test whether number j matters: quantiles of the column and at most two group medians.
 *
 * @param quantiles  2 are among the 6
 */
export function coarseAlternatives(encoder: Encoder, ids: Int32Array, j: number, quantiles: 2 | 6): Float64Array {
  const column = encoder.numbers[j]!
  const grid = COARSE[quantiles].map((k) => column.quantiles[k]!)
  for (const median of groupMedians(encoder, ids, j, 2)) grid.push(unstandardise(column, median))
  return tidy(column, grid, plausibleRange(encoder, ids, j))
}

/** More candidate values around the likeliest one, between its neighbours in the grid. */
export function refineAlternatives(encoder: Encoder, j: number, grid: Float64Array, likeliest: number): Float64Array {
  const from = grid[Math.max(0, likeliest - 1)]!
  const to = grid[Math.min(grid.length - 1, likeliest + 1)]!
  const between = Array.from({ length: REFINEMENTS }, (_, k) => from + ((to - from) * (k + 1)) / (REFINEMENTS + 1))
  return tidy(encoder.numbers[j]!, between, [from, to])
}

/**
 * The usual value of number j given the record's categories, in the column's own unit (cyclic: hours since the cut); the median of all
 * records if no categories determine it.
 */
export function usualNumber(encoder: Encoder, ids: Int32Array, j: number): number {
  const column = encoder.numbers[j]!
  const { usual, quantiles } = column
  if (usual !== null) return usual
  if (encoder.anchors[j]!.length === 0) return quantiles[quantiles.length >> 1]!
  return roundToStep(column, unstandardise(column, anchorOf(encoder, ids, 0, j)))
}

/** The record with another number, given in the column's own unit (cyclic: hours since the cut). */
export function withNumber({ numbers: columns }: Encoder, fields: Fields, j: number, value: number): Fields {
  const { cycle } = columns[j]!
  return { ...fields, numbers: fields.numbers.with(j, cycle === null ? value : timeAtHours(cycle, value)) }
}

/** A record's own number in the column's own unit; NaN if it is missing. */
export function numberOf({ numbers }: Encoder, fields: Fields, j: number): number {
  return toOwn(numbers[j]!, fields.numbers[j]!)
}

/**
 * Candidate values of category k of a record: all values of a small vocabulary; of a large one the most frequent, overall and
 * together with the record's values of the neighbouring categories in the tree.
 */
export function categoryAlternatives(encoder: Encoder, ids: Int32Array, k: number): (string | null)[] {
  const { tree } = encoder
  const { values } = tree.vocabularies[k]!
  if (values.length <= ENUMERATED) return [...values]
  const candidates = new Set<number>()
  // Vocabularies are sorted by count: the first ids are the most frequent.
  for (let id = 1; id <= MOST_FREQUENT; id++) candidates.add(id)
  tree.parents.forEach((parent, child) => {
    const edge = tree.edges[child]
    if (!edge || (child !== k && parent !== k)) return
    const own = child === k ? 'child' : 'parent'
    const neighbour = ids[child === k ? parent : child]!
    for (const id of partnersOf(edge)[own].get(neighbour) ?? []) candidates.add(id)
  })
  return Array.from(candidates, (id) => values[id - 1]!)
}

/** The record with another value of category k. */
export function withCategory(fields: Fields, k: number, value: string | null): Fields {
  return { ...fields, categories: fields.categories.with(k, value) }
}

/**
 * The record with the most frequent pair of values of two categories that depend on each other in p(c), once for each such two of which it
 * has neither value: of a status and its code, changing one alone gives a pair that was never seen.
 */
export function withUsualPairs(encoder: Encoder, fields: Fields): Fields[] {
  const { tree } = encoder
  const firstFlag = flagsAt(encoder)
  return tree.edges.slice(0, firstFlag).flatMap((edge, child) => {
    const parent = tree.parents[child]!
    const [usual] = edge === null || parent >= firstFlag ? [] : partnersOf(edge).child
    if (usual === undefined) return []
    const [u, [v]] = usual
    const ofParent = tree.vocabularies[parent]!.values[u - 1]!
    const ofChild = tree.vocabularies[child]!.values[v! - 1]!
    if (ofParent === fields.categories[parent] || ofChild === fields.categories[child]) return []
    return [withCategory(withCategory(fields, parent, ofParent), child, ofChild)]
  })
}

/** Distances from a group median, in standard deviations of the training noise. */
const STEPS = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 32, 64]
/** Indices of the column's 33 quantiles. */
const COARSE = { 2: [4, 28], 6: [0, 4, 12, 20, 28, 32] }
const REFINEMENTS = 15
/** A vocabulary of at most this many values is enumerated. */
const ENUMERATED = 64
const MOST_FREQUENT = 12
const MOST_PARTNERS = 128

/** The number's anchor, and the medians of the groups that leave least of its spread, in z. */
function groupMedians(encoder: Encoder, ids: Int32Array, j: number, most: number): Set<number> {
  const width = groupWidth(encoder)
  const medians = new Set([anchorOf(encoder, ids, 0, j)])
  for (const grouping of encoder.groupings.toSorted((a, b) => a.remaining[j]! - b.remaining[j]!)) {
    const group = groupOfIds(grouping, ids, 0)
    if (group > 0 && medians.size < most) medians.add(grouping.table[group * width + j]!)
  }
  return medians
}

/**
 * Plausible range of number j of a record, in the column's own unit: within the training range, and either in the bulk of all
 * records or within ten deviations of the record's group. A flow's density is unreliable where it had no training rows.
 */
function plausibleRange(encoder: Encoder, ids: Int32Array, j: number): readonly [low: number, high: number] {
  const column = encoder.numbers[j]!
  if (column.cycle !== null) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const median = anchorOf(encoder, ids, 0, j)
  const reach = PLAUSIBLE_DEVIATIONS * groupDeviation(encoder, ids, j)
  const inOwnUnit = (z: number) => keepSeen(column, unstandardise(column, z))
  return [
    Math.min(inOwnUnit(median - reach), column.quantiles[1]!),
    Math.max(inOwnUnit(median + reach), column.quantiles.at(-2)!),
  ]
}

const PLAUSIBLE_DEVIATIONS = 10

/** Standardised deviation of number j in its anchor group; 1, the deviation of all records, if there is none. */
function groupDeviation(encoder: Encoder, ids: Int32Array, j: number): number {
  for (const grouping of encoder.anchors[j]!.map((index) => encoder.groupings[index]!)) {
    const group = groupOfIds(grouping, ids, 0)
    if (group > 0) return Math.exp(grouping.table[group * groupWidth(encoder) + encoder.numbers.length + j]!)
  }
  return 1
}

function tidy(column: NumberColumn, grid: readonly number[], [low, high]: readonly [number, number]): Float64Array {
  const end = column.cycle === null ? Number.POSITIVE_INFINITY : periodHours(column.cycle)
  const start = column.cycle === null ? Number.NEGATIVE_INFINITY : 0
  const values = new Float64Array(grid.length)
  for (let k = 0; k < grid.length; k++) values[k] = roundToStep(column, Math.max(low, Math.min(high, grid[k]!)))
  values.sort()
  // A column that never varied has no value other than the usual one.
  const isConstant = values[0] === values.at(-1)
  return values.filter((x, k) => x !== values[k - 1] && x >= start && x < end && (x !== column.usual || isConstant))
}

/** Child ids by parent id, and parent ids by child id, the most frequent pairs first; computed on first use. */
function partnersOf(edge: Conditional): Partners {
  const partners = PARTNERS_OF.get(edge) ?? indexPartners(edge)
  PARTNERS_OF.set(edge, partners)
  return partners
}

type Partners = Readonly<Record<'child' | 'parent', ReadonlyMap<number, readonly number[]>>>

const PARTNERS_OF = new WeakMap<Conditional, Partners>()

function indexPartners({ pairs, stride }: Conditional): Partners {
  const child = new Map<number, number[]>()
  const parent = new Map<number, number[]>()
  const add = (to: Map<number, number[]>, key: number, id: number) => {
    const list = to.get(key)
    if (list === undefined) to.set(key, [id])
    else if (list.length < MOST_PARTNERS) list.push(id)
  }
  for (const [key] of [...pairs].sort((a, b) => b[1] - a[1])) {
    const u = Math.floor(key / stride)
    const v = key % stride
    if (v === 0) continue
    add(child, u, v)
    add(parent, v, u)
  }
  return { child, parent }
}
