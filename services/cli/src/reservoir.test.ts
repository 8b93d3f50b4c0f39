import { describe, expect, it } from 'vitest'
import { makeReservoir } from './reservoir.js'

function sample(capacity: number, seed: number, count: number): readonly number[] {
  const reservoir = makeReservoir<number>(capacity, seed)
  for (let item = 0; item < count; item += 1) reservoir.offer(item)
  return reservoir.items()
}

describe('reservoir', () => {
  it('keeps a short stream whole', () => {
    expect(sample(10, 1, 4)).toEqual([0, 1, 2, 3])
  })

  it('keeps the order of the stream, and gives the same sample for the same seed', () => {
    const first = sample(50, 7, 1000)
    expect(first).toHaveLength(50)
    expect(first).toEqual(first.toSorted((a, b) => a - b))
    expect(sample(50, 7, 1000)).toEqual(first)
    expect(sample(50, 8, 1000)).not.toEqual(first)
  })

  it('gives every part of the stream the same chance', () => {
    const draws = Array.from({ length: 400 }, (_, seed) => sample(10, seed, 100)).flat()
    const firstHalf = draws.filter((item) => item < 50).length
    // Binomial, 4,000 draws: five standard deviations are 158.
    expect(Math.abs(firstHalf - 2000)).toBeLessThan(158)
  })
})
