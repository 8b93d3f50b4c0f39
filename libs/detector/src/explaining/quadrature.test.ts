import { describe, expect, it } from 'vitest'
import { gridQuantiles } from './quadrature.js'

describe('quantiles on a grid', () => {
  it('are those of the standard normal', () => {
    const grid = Float64Array.from({ length: 201 }, (_, k) => -5 + k / 20)
    const nll = grid.map((x) => (x * x) / 2)
    const [low, middle, high] = gridQuantiles({}, { grid, nll }, [0.05, 0.5, 0.95])
    expect(low).toBeCloseTo(-1.645, 2)
    expect(middle).toBeCloseTo(0, 6)
    expect(high).toBeCloseTo(1.645, 2)
  })

  it('of a log scale are those of the density on it', () => {
    const grid = Float64Array.from({ length: 201 }, (_, k) => Math.expm1(k / 20))
    const [low, middle] = gridQuantiles({ logUnit: 1 }, { grid, nll: new Float64Array(201) }, [0.05, 0.5])
    expect(low).toBeCloseTo(Math.expm1(0.5), 6)
    expect(middle).toBeCloseTo(Math.expm1(5), 6)
  })

  it('do not overflow if the density is tiny or concentrated on one point', () => {
    const grid = Float64Array.of(0, 1, 2)
    expect(gridQuantiles({}, { grid, nll: Float64Array.of(1e6, 1e5, 1e6) }, [0.5])[0]).toBeCloseTo(1)
    const one = { grid: Float64Array.of(4), nll: Float64Array.of(3) }
    expect(gridQuantiles({}, one, [0.05, 0.95])).toEqual([4, 4])
  })
})
