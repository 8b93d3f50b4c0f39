import { describe, expect, it } from 'vitest'
import { copied, scratch, zeroed } from './scratch.js'

describe('scratch', () => {
  it('gives each run the arrays of the one before, as zeros', () => {
    const reusing = scratch()
    const written = reusing(() => [zeroed(3).fill(7), zeroed(2).fill(7)])
    const again = reusing(() => [zeroed(3), zeroed(2)])
    expect(again.map((array, at) => array === written[at])).toEqual([true, true])
    expect(again.flatMap((array) => [...array])).toEqual([0, 0, 0, 0, 0])
  })

  it('gives a run that wants another size one of that size', () => {
    const reusing = scratch()
    const sizes = [4, 2, 4].map((size) => reusing(() => [zeroed(size).length, zeroed(1).length]))
    expect(sizes).toEqual([
      [4, 1],
      [2, 1],
      [4, 1],
    ])
  })

  it('gives no array twice within a run, nor to another memory', () => {
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

  it('gives arrays of their own outside a run, after one that failed too', () => {
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
