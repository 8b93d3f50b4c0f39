import { expect, it } from 'vitest'
import { NotFiniteError, ShapeError } from '../errors.js'
import { affine, logit } from './elementwise.js'

const rows = (...values: number[]) => ({ values: Float64Array.from(values), count: values.length, width: 1 })

it('names the row that has no logit', () => {
  expect(() => logit(1).forwardRows(rows(0.5, 0))).toThrow(NotFiniteError)
  expect(() => logit(1).forwardRows(rows(0.5, 0.2, 1))).toThrow(/row 2/)
})

it('names the latent row whose inverse is not finite', () => {
  expect(() => logit(1).inverseAndLogDet(rows(-800))).toThrow(NotFiniteError)
  expect(() => logit(1).inverseAndLogDet(rows(0, 1, 40))).toThrow(/row 2/)
})

it('gives a density in the units of its input: a standard normal of logit x is logit-normal', () => {
  const { value, logDet } = logit(1).forwardRows(rows(0.8))
  const logDensity = -0.5 * value.values[0]! ** 2 - 0.5 * Math.log(2 * Math.PI) + logDet[0]!
  expect(logDensity).toBeCloseTo(-Math.log(0.8 * 0.2) - 0.5 * Math.log(2 * Math.PI) - 0.5 * Math.log(4) ** 2, 12)
})

it('throws for a scale of 0', () => {
  expect(() => affine([1], [0])).toThrow(ShapeError)
})
