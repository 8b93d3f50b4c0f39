import { describe, expect, it } from 'vitest'
import { copied, scratch, zeroed } from './scratch.js'

describe('scratch', () => {
  it('returns the arrays of the previous run, set to zero', () => {
    const reusing = scratch()
    const written = reusing(() => [zeroed(3).fill(7), zeroed(2).fill(7)])
    const again = reusing(() => [zeroed(3), zeroed(2)])
    expect(again.map((array, at) => array === written[at])).toEqual([true, true])
    expect(again.flatMap((array) => [...array])).toEqual([0, 0, 0, 0, 0])
  })

  it('returns an array of the requested size if the size changes', () => {
    const reusing = scratch()
    const sizes = [4, 2, 4].map((size) => reusing(() => [zeroed(size).length, zeroed(1).length]))
    expect(sizes).toEqual([
      [4, 1],
      [2, 1],
      [4, 1],
    ])
  })

  it('returns no array twice within a run, nor one of another memory', () => {
    const [one, other] = [scratch(), scratch()]
    const arrays = [one, other].flatMap((reusing) => reusing(() => [zeroed(2), copied(new Float32Array(2)), zeroed(2)]))
    expect(new Set(arrays).size).toBe(6)
  })

  it('copies', () => {
    const values = Float32Array.of(1, 2)
    const copy = scratch()(() => copied(values))
    expect(copy).toEqual(values)
    expect(copy).not.toBe(values)
  })

  it('returns new arrays outside a run, also after a run that failed', () => {
    const reusing = scratch()
    const inside = reusing(() => zeroed(2))
    expect(() =>
      reusing(() => {
        throw new Error('no step')
      }),
    ).toThrow('no step')
    expect([zeroed(2), zeroed(2)]).not.toContain(inside)
    expect(zeroed(2)).not.toBe(zeroed(2))
  })
})
