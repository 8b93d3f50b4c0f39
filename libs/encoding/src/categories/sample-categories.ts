import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { CategoryTree } from './category-tree.js'
import { conditional } from './conditional.js'

/** Largest size of the cache of cumulative sums, in numbers; beyond it the cache is emptied. */
const MOST_CACHED = 5_000_000

/**
 * Draws categories from p(c), restricted to values seen in training: an unseen value has no name.
 *
 * @returns [count, categories]; ids
 */
export function sampleCategories(tree: CategoryTree, count: number, seed: number): Int32Array {
  const random = xoroshiro128plus(seed)
  const categories = tree.parents.length
  const order = fromRoots(tree.parents)
  const ids = new Int32Array(count * categories)
  let cache = new Map<string, Float64Array>()
  let cached = 0
  const cumulative = (k: number, u: number) => {
    const known = cache.get(`${k}/${u}`)
    if (known !== undefined) return known
    const sums = cumulate(tree, k, u)
    if (cached + sums.length > MOST_CACHED) {
      cache = new Map()
      cached = 0
    }
    cache.set(`${k}/${u}`, sums)
    cached += sums.length
    return sums
  }
  for (let row = 0; row < count; row++) {
    for (const k of order) {
      const parent = tree.parents[k]!
      const sums = cumulative(k, parent < 0 ? 0 : ids[row * categories + parent]!)
      ids[row * categories + k] = draw(sums, uniformFloat64(random) * sums[sums.length - 1]!)
    }
  }
  return ids
}

/** Cumulative sums of p over ids 1, 2, …; entry 0 is 0, because id 0 is never drawn. */
function cumulate(tree: CategoryTree, k: number, u: number): Float64Array {
  const alone = tree.marginals[k]!
  const edge = tree.edges[k]!
  const sums = new Float64Array(alone.length)
  for (let v = 1; v < alone.length; v++) {
    sums[v] = sums[v - 1]! + (edge === null ? alone[v]! : conditional(edge, alone, u, v))
  }
  return sums
}

/** The first id whose cumulative sum exceeds `mark`. */
function draw(sums: Float64Array, mark: number): number {
  let low = 1
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! > mark) high = middle
    else low = middle + 1
  }
  return low
}

/** Categories with parents before children. */
function fromRoots(parents: readonly number[]): number[] {
  const order = parents.flatMap((parent, k) => (parent < 0 ? [k] : []))
  for (const parent of order) order.push(...parents.flatMap((own, k) => (own === parent ? [k] : [])))
  return order
}
