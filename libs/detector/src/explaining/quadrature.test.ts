import { describe, expect, it } from 'vitest'
import { usualRange } from './quadrature.js'

describe('the usual range on a grid', () => {
  it('is that of the standard normal', () => {
    const grid = Float64Array.from({ length: 201 }, (_, k) => -5 + k / 20)
    const [low, high] = usualRange({ quantum: 0 }, { grid, nll: grid.map((x) => (x * x) / 2) })
    expect(low).toBeCloseTo(-1.645, 2)
    expect(high).toBeCloseTo(1.645, 2)
  })

  it('of a log scale is that of the density on it', () => {
    const grid = Float64Array.from({ length: 201 }, (_, k) => Math.expm1(k / 20))
    const [low, high] = usualRange({ logUnit: 1, quantum: 0 }, { grid, nll: new Float64Array(201) })
    expect(low).toBeCloseTo(Math.expm1(0.5), 6)
    expect(high).toBeCloseTo(Math.expm1(9.5), 6)
  })

  it('does not overflow if the density is tiny or concentrated on one point', () => {
    const tiny = { grid: Float64Array.of(0, 1, 2), nll: Float64Array.of(1e6, 1e5, 1e6) }
    const [low, high] = usualRange({ quantum: 0 }, tiny)
    expect(low).toBeCloseTo(0.1)
    expect(high).toBeCloseTo(1.9)
    const one = { grid: Float64Array.of(4), nll: Float64Array.of(3) }
    expect(usualRange({ quantum: 0 }, one)).toEqual([4, 4])
  })
})
