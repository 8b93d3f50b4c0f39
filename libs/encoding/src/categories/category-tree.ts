import { type CategoryColumn, type Conditional, conditional, countPairs, fitConditional } from './conditional.js'
import { marginal } from './marginal.js'
import type { Vocabulary } from './vocabulary.js'

/** p(c), the probability of a record's categories: a forest in which a category depends on its parent, or on none. */
export interface CategoryTree {
  readonly vocabularies: readonly Vocabulary[]
  /** [categories][ids]; marginal p(v) of each category; id 0 is the unseen value */
  readonly marginals: readonly Float64Array[]
  /** [categories]; its parent, −1 for a root */
  readonly parents: readonly number[]
  /** [categories]; null for a root */
  readonly edges: readonly (Conditional | null)[]
}

/** Edges are chosen on this many rows, and on fewer where pairs of columns × rows would exceed the budget, which takes some seconds. */
const ROWS_FOR_EDGES = 20_000
const FEWEST_FOR_EDGES = 2_000
const EDGE_BUDGET = 60_000_000

/**
 * Fits the tree. The weight of an edge is its gain, the mean of log p(child | parent) − log p(child) over a held-out fifth of the
 * rows. The tree is the spanning forest of positive gains with the largest sum (Chow and Liu's algorithm, with the held-out gain
 * in place of mutual information).
 *
 * @param columns        [categories]
 * @param order          [n]; a random order of the rows
 * @param contamination  share of the rows that may be anomalies
 * @see Chow & Liu 1968, IEEE Trans. Inf. Theory 14
 */
export function fitCategoryTree(
  columns: readonly CategoryColumn[],
  order: Int32Array,
  contamination: number,
): CategoryTree {
  const varied = columns.filter(isVaried).length
  const affordable = Math.max(FEWEST_FOR_EDGES, Math.floor(EDGE_BUDGET / varied ** 2))
  const trial = makeTrial(columns, order.subarray(0, Math.min(ROWS_FOR_EDGES, affordable)), contamination)
  const gains = columns.map((_, u) => columns.map((_, v) => trial(u, v)))
  const parents = bestForest(gains.map((row) => row.map(({ gain }) => gain)))
  return {
    vocabularies: columns.map(({ vocabulary }) => vocabulary),
    marginals: columns.map(({ vocabulary }) => marginal(vocabulary.counts)),
    parents,
    edges: parents.map((parent, child) => {
      if (parent < 0) return null
      const edge = fitConditional(columns[parent]!, columns[child]!, order, contamination)
      return { ...edge, reversible: gains[parent]![child]!.reversible }
    }),
  }
}

/**
 * Returns the function that computes −log p(c) of a record, nats, from the ids of its categories, which begin at an offset. The
 * logarithms of the marginals are computed once.
 */
export function categoryNll(tree: CategoryTree): (ids: Int32Array, offset: number) => number {
  const { edges, marginals, parents } = tree
  const logs = logMarginals.get(tree) ?? marginals.map((own) => Float64Array.from(own, Math.log))
  logMarginals.set(tree, logs)
  return (ids, offset) => {
    let nll = 0
    for (let k = 0; k < edges.length; k++) {
      const edge = edges[k]!
      const id = ids[offset + k]!
      nll -= edge === null ? logs[k]![id]! : Math.log(conditional(edge, marginals[k]!, ids[offset + parents[k]!]!, id))
    }
    return nll
  }
}

/** [categories][ids]; log p(v) */
const logMarginals = new WeakMap<CategoryTree, readonly Float64Array[]>()

interface Gain {
  /** Mean reduction of the child's NLL given its parent, on held-out rows, nats. */
  readonly gain: number
  /** Whether backing off to the reversed pair gained more. */
  readonly reversible: boolean
}

const NO_GAIN: Gain = { gain: 0, reversible: false }

const isVaried = ({ vocabulary }: CategoryColumn): boolean => vocabulary.values.length > 1

/** Fits an edge on four fifths of the rows and measures its gain on the others. */
function makeTrial(all: readonly CategoryColumn[], order: Int32Array, contamination: number) {
  // Copied in their order, because every pair of columns is counted.
  const columns = all.map(({ ids, vocabulary }) => ({ vocabulary, ids: order.map((row) => ids[row]!) }))
  const rows = order.map((_, place) => place)
  const heldOut = rows.subarray(0, Math.floor(order.length / 5))
  const fitted = rows.subarray(heldOut.length)
  const marginals = columns.map(({ ids, vocabulary }) => {
    const counts = new Float64Array(vocabulary.values.length + 1)
    for (const row of fitted) counts[ids[row]!]! += 1
    return marginal(counts)
  })
  const gainOf = (edge: Conditional, pairs: ReadonlyMap<number, number>, v: number) => {
    let gain = 0
    for (const [key, count] of pairs) {
      const id = key % edge.stride
      // A value that is absent from the fitted rows has p = 0, with and without the parent: it contributes nothing.
      if (marginals[v]![id]! === 0) continue
      const p = conditional(edge, marginals[v]!, Math.floor(key / edge.stride), id)
      gain += count * Math.log(p / marginals[v]![id]!)
    }
    return gain / heldOut.length
  }
  return (u: number, v: number): Gain => {
    if (u === v || ![u, v].every((k) => isVaried(columns[k]!)) || heldOut.length === 0) return NO_GAIN
    const edge = fitConditional(columns[u]!, columns[v]!, fitted, contamination)
    const pairs = countPairs(columns[u]!, columns[v]!, heldOut)
    const gain = gainOf(edge, pairs, v)
    const reversed = edge.back === null ? gain : gainOf({ ...edge, reversible: true }, pairs, v)
    return { gain: Math.max(gain, reversed), reversible: reversed > gain }
  }
}

/** The forest of largest gain: Kruskal's algorithm on the mean gain of both directions, then the best root of each component. */
function bestForest(gains: readonly (readonly number[])[]): number[] {
  const count = gains.length
  const component = gains.map((_, index) => index)
  const neighbours: number[][] = gains.map(() => [])
  const candidates = gains
    .flatMap((row, u) => row.slice(0, u).map((gain, v) => ({ u, v, gain: (gain + gains[v]![u]!) / 2 })))
    .filter(({ gain }) => gain > 0)
    .sort((a, b) => b.gain - a.gain)
  for (const { u, v } of candidates) {
    const [from, to] = [component[u]!, component[v]!]
    if (from === to) continue
    for (let k = 0; k < count; k++) if (component[k] === from) component[k] = to
    neighbours[u]!.push(v)
    neighbours[v]!.push(u)
  }
  const parents = new Array<number>(count).fill(-1)
  for (const members of componentsOf(component)) {
    const rooted = members.map((root) => orient(root, neighbours, gains))
    const best = rooted.reduce((a, b) => (b.gain > a.gain ? b : a))
    for (const [child, parent] of best.parents) parents[child] = parent
  }
  return parents
}

function componentsOf(component: readonly number[]): number[][] {
  return [...new Set(component)].map((name) => component.flatMap((own, k) => (own === name ? [k] : [])))
}

function orient(root: number, neighbours: readonly number[][], gains: readonly (readonly number[])[]) {
  const parents = new Map<number, number>()
  const queue = [root]
  let gain = 0
  for (const parent of queue) {
    for (const child of neighbours[parent]!) {
      if (child === root || parents.has(child)) continue
      parents.set(child, parent)
      gain += gains[parent]![child]!
      queue.push(child)
    }
  }
  return { parents, gain }
}
