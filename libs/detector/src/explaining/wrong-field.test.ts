import type { Feature } from '@outflow/contracts'
import { fitEncoder } from '@outflow/encoding'
import { expect, it } from 'vitest'
import { readerOf } from '../test-draws.js'
import { logIfCategoryWrong, logIfNumberWrong } from './wrong-field.js'

const features: readonly Feature[] = [
  { path: '$.load', type: 'numeric', optional: true },
  { path: '$.route', type: 'categorical', optional: false },
]
const read = readerOf(features)
const records = Array.from({ length: 400 }, (_, at) => read({ load: at % 100, route: at % 4 === 0 ? 'hill' : 'coast' }))
const { encoder } = await fitEncoder(features, records, { seed: 1, contamination: 0.01 })

/** Of a density of 1 from 0 to 4. */
const curve = {
  grid: Float64Array.of(0, 2, 4),
  nll: Float64Array.of(0, 0, 0),
  usualNll: undefined,
  missingNll: undefined,
}
const ifLoadWrong = (load: number | null, of = curve) => logIfNumberWrong(encoder, read({ load, route: 'hill' }), 0, of)

it('integrates over the values of the number, and takes a value far from the centre as less likely', () => {
  const narrow = { ...curve, grid: Float64Array.of(0, 1, 2) }
  expect(ifLoadWrong(50) - ifLoadWrong(50, narrow)).toBeCloseTo(Math.log(2))
  expect(ifLoadWrong(50)).toBeGreaterThan(ifLoadWrong(5_000))
})

it('takes a missing number as one at the centre of its column', () => {
  expect(ifLoadWrong(null)).toBeCloseTo(Math.log(4) - Math.log(Math.PI * encoder.numbers[0]!.scale))
})

it('takes a wrong value of a category as frequent as in training, or as any value', () => {
  const ifRouteWrong = (id: number) => logIfCategoryWrong(encoder, 0, id, Float64Array.of(5, 5))
  const { marginals, vocabularies } = encoder.tree
  for (const id of [0, vocabularies[0]!.ids.get('hill')!]) {
    expect(ifRouteWrong(id)).toBeCloseTo(Math.log(2) - 5 + Math.log((marginals[0]![id]! + 1 / 3) / 2))
  }
})
