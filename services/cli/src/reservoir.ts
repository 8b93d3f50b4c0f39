import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export interface Reservoir<T> {
  offer(item: T): void
  /** Items offered so far. */
  readonly offered: number
  /** The sample, in the order of offering. */
  items(): readonly T[]
}

/**
 * A uniform sample of a stream whose length is not known beforehand; the same seed and stream give the same sample.
 *
 * @param capacity  the largest sample; a shorter stream is kept whole
 * @see Vitter 1985, Random sampling with a reservoir, algorithm R
 */
export function makeReservoir<T>(capacity: number, seed: number): Reservoir<T> {
  const random = xoroshiro128plus(seed)
  const kept: { order: number; item: T }[] = []
  let offered = 0
  return {
    offer: (item) => {
      const place = offered < capacity ? offered : uniformInt(random, 0, offered)
      if (place < capacity) kept[place] = { order: offered, item }
      offered += 1
    },
    get offered() {
      return offered
    },
    items: () => kept.toSorted((a, b) => a.order - b.order).map(({ item }) => item),
  }
}
