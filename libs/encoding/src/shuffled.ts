import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** The places 0 … count − 1 in random order; the same seed gives the same order. */
export function shuffled(count: number, seed: number): Int32Array {
  const random = xoroshiro128plus(seed)
  const order = Int32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last)
    const held = order[last]!
    order[last] = order[other]!
    order[other] = held
  }
  return order
}
