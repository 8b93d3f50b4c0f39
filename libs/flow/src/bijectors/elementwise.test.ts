import { expect, it } from 'vitest'
import { NotFiniteError, ShapeError } from '../errors.js'
import { affine, logarithm, logit, yeoJohnson } from './elementwise.js'

const rows = (...values: number[]) => ({ values: Float64Array.from(values), count: values.length, width: 1 })

it('names the row that has no logarithm or no logit', () => {
  expect(() => logarithm(1).forwardRows(rows(1, 0))).toThrow(NotFiniteError)
  expect(() => logarithm(1).forwardRows(rows(1, -2))).toThrow(/row 1/)
  expect(() => logit(1).forwardRows(rows(0.5, 0.2, 1))).toThrow(/row 2/)
})

it('names the latent row whose inverse is not finite', () => {
  expect(() => logarithm(1).inverseAndLogDet(rows(0, 800))).toThrow(NotFiniteError)
  expect(() => logarithm(1).inverseAndLogDet(rows(-800))).toThrow(/row 0/)
  expect(() => logit(1).inverseAndLogDet(rows(0, 1, 40))).toThrow(/row 2/)
  expect(() => yeoJohnson([0]).inverseAndLogDet(rows(800))).toThrow(NotFiniteError)
})

it('gives a density in the units of its input: a standard normal of log x is log-normal', () => {
  const { value, logDet } = logarithm(1).forwardRows(rows(2.5))
  const logDensity = -0.5 * value.values[0]! ** 2 - 0.5 * Math.log(2 * Math.PI) + logDet[0]!
  expect(logDensity).toBeCloseTo(-Math.log(2.5) - 0.5 * Math.log(2 * Math.PI) - 0.5 * Math.log(2.5) ** 2, 12)
})

it('is the identity if the power is 1, and the logarithm of 1 + x if it is 0', () => {
  const [below, above] = yeoJohnson([1]).forwardRows(rows(-3, 4)).value.values
  expect(below).toBeCloseTo(-3, 12)
  expect(above).toBeCloseTo(4, 12)
  expect(yeoJohnson([0]).forwardRows(rows(4)).value.values[0]).toBeCloseTo(Math.log(5), 12)
})

it('throws for a scale of 0 and for a power that is not invertible', () => {
  expect(() => affine([1], [0])).toThrow(ShapeError)
  expect(() => yeoJohnson([2.5])).toThrow(ShapeError)
})
