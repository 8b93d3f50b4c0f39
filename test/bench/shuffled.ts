import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Returns the items in a random order; the same for the same seed. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = xoroshiro128plus(seed)
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last)
    const held = order[last]!
    order[last] = order[other]!
    order[other] = held
  }
  return order
}
