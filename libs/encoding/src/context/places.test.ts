import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { lengthBetween, placeValues } from './places.js'

const random = xoroshiro128plus(5)
const towns = Array.from({ length: 30 }, () => [uniformFloat64(random) * 4, uniformFloat64(random) * 2])
const apart = (a: number, b: number) => Math.hypot(towns[a]![0]! - towns[b]![0]!, towns[a]![1]! - towns[b]![1]!)
const pairs = towns.flatMap((_, a) => towns.slice(a + 1).map((_, k) => [a, a + 1 + k] as const))
const known = pairs.filter(() => uniformFloat64(random) < 0.5)
const placed = placeValues(
  known.map(([a, b], k) => ({ a, b, length: k === 0 ? 9 : apart(a, b) })),
  31,
  1,
)

describe('places', () => {
  it('predict the distances of unseen pairs, although one seen pair is wrong', () => {
    const errors = pairs
      .filter((pair) => !known.includes(pair))
      .map(([a, b]) => Math.abs(lengthBetween(placed, a, b) - apart(a, b)))
      .sort((a, b) => a - b)
    expect(errors[errors.length >> 1]).toBeLessThan(0.02)
    expect(errors[Math.floor(errors.length * 0.9)]).toBeLessThan(0.2)
  })

  it('predict nothing for a value that is in no pair', () => {
    expect(lengthBetween(placed, 0, 30)).toBeNaN()
  })
})
