import { expect, test } from 'vitest'
import { holdOut } from './hold-out.js'

const times = Array.from({ length: 10_000 }, (_, i) => i)
const heldOf = (isHeld: Uint8Array) => [...isHeld.keys()].filter((index) => isHeld[index] === 1)

test('without an incumbent a tenth of the window, from its newer half, is held out; the same for the same seed', () => {
  const held = heldOf(holdOut({ times, seenUntilMs: null, seed: 1 }))
  expect(held).toHaveLength(1_000)
  expect(Math.min(...held)).toBeGreaterThanOrEqual(5_000)
  expect(heldOf(holdOut({ times, seenUntilMs: null, seed: 1 }))).toEqual(held)
  expect(heldOf(holdOut({ times, seenUntilMs: null, seed: 2 }))).not.toEqual(held)
})

test('with an incumbent only records newer than its window are held out, at most half of them', () => {
  const held = heldOf(holdOut({ times, seenUntilMs: 8_999, seed: 1 }))
  expect(held).toHaveLength(500)
  expect(Math.min(...held)).toBeGreaterThan(8_999)
})

test('with too few newer records the newer half is used', () => {
  for (const seenUntilMs of [9_800, 20_000]) {
    const held = heldOf(holdOut({ times, seenUntilMs, seed: 1 }))
    expect(held).toHaveLength(1_000)
    expect(Math.min(...held)).toBeLessThan(6_000)
  }
})

test('a window of fifty leaves forty records for the fit', () => {
  expect(heldOf(holdOut({ times: times.slice(0, 50), seenUntilMs: null, seed: 1 }))).toHaveLength(10)
})
