import { expect, it } from 'vitest'
import { noiseOf } from './noise.js'
import { fitNumberColumn, standardise } from './number-column.js'

const fit = (raw: Float64Array) =>
  fitNumberColumn({ path: '$.x', type: 'numeric', optional: false }, raw, { contamination: 0, usualShare: 1 })

it('is half a step for values in steps', () => {
  const raw = Float64Array.from({ length: 1000 }, (_, k) => k % 5)
  const column = fit(raw)
  const [sigma] = noiseOf([column], [raw.map((x) => standardise(column, x))], [])
  expect(sigma! * column.scale).toBeCloseTo(0.5, 3)
})

it('narrows with the number of records as the bandwidth of a kernel density does: n to the power of −1 / (d + 4)', () => {
  const columns = [Math.sin, Math.cos].map((column) => Float64Array.from({ length: 1000 }, (_, k) => column(k)))
  const sigma = noiseOf(columns.map(fit), columns, [])
  for (const own of sigma) expect(own).toBeCloseTo(0.25 * 1000 ** (-1 / 6), 6)
})

it('is never below three thousandths of the spread', () => {
  const [sigma] = noiseOf(
    [fit(Float64Array.of(1, 2, 4))],
    [new Float64Array(1e6)],
    [{ grouping: { remaining: [0] } } as never],
  )
  expect(sigma).toBeGreaterThanOrEqual(0.003)
})
