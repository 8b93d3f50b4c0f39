import { expect, it } from 'vitest'
import { similarity } from './similarity.js'

const of = (field: string, bits: number) => ({ field, bits })

it('is 1 for the same fields in the same proportion, for any bits', () => {
  expect(similarity([of('delay', 12), of('origin', 3)], [of('origin', 1), of('delay', 4)])).toBeCloseTo(1, 12)
})

it('is 0 if no field is shared or there are no bits', () => {
  expect(similarity([of('delay', 12)], [of('origin', 12)])).toBe(0)
  expect(similarity([], [of('origin', 12)])).toBe(0)
  expect(similarity([of('delay', 0)], [of('delay', 5)])).toBe(0)
})

it('increases with the share of bits in common fields', () => {
  const own = [of('delay', 10), of('origin', 2)]
  const near = similarity(own, [of('delay', 10), of('date', 2)])
  const far = similarity(own, [of('delay', 2), of('date', 10)])
  expect(near).toBeGreaterThan(far)
})
