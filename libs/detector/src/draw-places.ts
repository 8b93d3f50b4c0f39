import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/**
 * Draws places below `count` without replacement; the same seed draws the same ones.
 *
 * @returns drawn: [draws], in random order; others: [count − draws]
 */
export function drawPlaces(
  count: number,
  draws: number,
  seed: number,
): { readonly drawn: Uint32Array; readonly others: Uint32Array } {
  const random = xoroshiro128plus(seed)
  const places = Uint32Array.from({ length: count }, (_, index) => index)
  for (let place = 0; place < draws; place++) {
    const other = uniformInt(random, place, count - 1)
    const drawn = places[other]!
    places[other] = places[place]!
    places[place] = drawn
  }
  return { drawn: places.subarray(0, draws), others: places.subarray(draws) }
}
