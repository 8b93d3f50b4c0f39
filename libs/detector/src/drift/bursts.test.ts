import { expect, test } from 'vitest'
import { seededDraws } from '../test-draws.js'
import { findBursts } from './bursts.js'

const exponential = (count: number, seed: number) => {
  const { uniform } = seededDraws(seed)
  return Float64Array.from({ length: count }, () => -Math.log(1 - uniform()))
}

/** Every second record from `first` on is unlikely. */
function plant(nll: Float64Array, first: number, unlikely: number): void {
  for (let index = 0; index < unlikely; index++) nll[first + 2 * index] = 20
}

test('a burst of a thousandth of the window is found, with its ends', () => {
  const nll = exponential(20_000, 1).map((own) => Math.min(own, 4.7))
  plant(nll, 12_000, 20)
  expect(findBursts(nll, 0.01)).toEqual([{ first: 12_000, last: 12_038, unlikely: 20 }])
})

test('several bursts are found in order of time', () => {
  const nll = exponential(20_000, 2)
  plant(nll, 15_000, 20)
  plant(nll, 300, 12)
  expect(findBursts(nll, 0.01).map(({ first }) => first)).toEqual([300, 15_000])
})

test('independent records have none, for any contamination', () => {
  for (let seed = 1; seed <= 20; seed++) {
    for (const contamination of [0, 0.001, 0.01, 0.3]) {
      expect(findBursts(exponential(5_000, seed), contamination)).toEqual([])
    }
  }
})

test('equal NLLs and no records have none', () => {
  expect(findBursts(new Float64Array(0), 0.01)).toEqual([])
  const tied = new Float64Array(1_000)
  expect(findBursts(tied, 0.01)).toEqual([])
})
