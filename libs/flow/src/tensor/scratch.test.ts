import { expect, it } from 'vitest'
import { scratch, zeroed } from './scratch.js'

it('returns new arrays outside a run, also after a run that failed', () => {
  const reusing = scratch()
  const inside = reusing(() => zeroed(2))
  expect(reusing(() => zeroed(2))).toBe(inside)
  expect(() =>
    reusing(() => {
      throw new Error('no step')
    }),
  ).toThrow('no step')
  expect([zeroed(2), zeroed(2)]).not.toContain(inside)
  expect(zeroed(2)).not.toBe(zeroed(2))
})
