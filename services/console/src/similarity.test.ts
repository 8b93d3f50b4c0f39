import { expect, it } from 'vitest'
import { similarity } from './similarity.js'

it('is 1 for the same fields in the same proportion, however many bits', () => {
  expect(
    similarity(
      [
        ['delay', 12],
        ['origin', 3],
      ],
      [
        ['origin', 1],
        ['delay', 4],
      ],
    ),
  ).toBeCloseTo(1, 12)
})

it('is 0 where no field is shared, and where there are no bits', () => {
  expect(similarity([['delay', 12]], [['origin', 12]])).toBe(0)
  expect(similarity([], [['origin', 12]])).toBe(0)
  expect(similarity([['delay', 0]], [['delay', 5]])).toBe(0)
})

it('is the larger, the more of the bits lie in the fields that are shared', () => {
  const own = [
    ['delay', 10],
    ['origin', 2],
  ] as const
  const near = similarity(own, [
    ['delay', 10],
    ['date', 2],
  ])
  const far = similarity(own, [
    ['delay', 2],
    ['date', 10],
  ])
  expect(near).toBeGreaterThan(far)
})
