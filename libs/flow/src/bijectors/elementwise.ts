import { NotFiniteError, ShapeError } from '../errors.js'
import type { Numbers } from '../tensor/rows.js'
import type { Bijector } from './bijector.js'
import { mapRows, mapTensors, type RowMap } from './row-map.js'

/** An increasing function of one number. */
interface Curve {
  value(x: number): number
  /** log dz/dx */
  logSlope(x: number): number
  /** d(log dz/dx)/dx */
  logSlopeDerivative(x: number): number
  inverse(z: number): number
}

/**
 * z = (x − shift)/scale, column by column: standardises the rows and includes the Jacobian.
 *
 * @param shift  [dim]
 * @param scale  [dim], above 0
 * @throws {ShapeError} when a scale is not above 0
 */
export function affine(shift: readonly number[], scale: readonly number[]): Bijector {
  const outside = scale.find((number) => !(number > 0))
  if (outside !== undefined) throw new ShapeError(`a scale is above 0, got ${outside}`)
  return elementwise(shift.map((number, column) => line(number, scale[column]!)))
}

/** z = log(x/(1 − x)), for columns between 0 and 1. Its methods throw a NotFiniteError that names the first row with another value. */
export const logit = (dim: number): Bijector => elementwise(Array.from({ length: dim }, () => LOGIT))

const line = (shift: number, scale: number): Curve => ({
  value: (x) => (x - shift) / scale,
  logSlope: () => -Math.log(scale),
  logSlopeDerivative: () => 0,
  inverse: (z) => z * scale + shift,
})

const LOGIT: Curve = {
  value: (x) => Math.log(x) - Math.log1p(-x),
  logSlope: (x) => -Math.log(x) - Math.log1p(-x),
  logSlopeDerivative: (x) => 1 / (1 - x) - 1 / x,
  inverse: (z) => 1 / (1 + Math.exp(-z)),
}

/** Applies a curve to each column, [dim]. Results that are not finite throw. */
function elementwise(curves: readonly Curve[]): Bijector {
  return {
    forwardAndLogDet: (x) => mapTensors([x], applyCurves(curves)),
    forwardRows: (x) => mapRows(x, [], applyCurves(curves)),
    inverseAndLogDet: ({ values, count, width }) => {
      const x = values.map((z, at) => curves[at % width]!.inverse(z))
      const logDet = new Float64Array(count)
      for (let at = 0; at < x.length; at++) {
        const logSlope = curves[at % width]!.logSlope(x[at]!)
        // The inverse is not finite in float64, such as the logarithm of a share that rounds to 1.
        if (!Number.isFinite(x[at]!) || !Number.isFinite(logSlope)) throw notFinite(values, at, width)
        logDet[Math.floor(at / width)]! -= logSlope
      }
      return { value: { values: x, count, width }, logDet }
    },
  }
}

const applyCurves = (curves: readonly Curve[]): RowMap => ({
  compute: (z, logDet, [x]) => {
    const dim = curves.length
    for (let at = 0; at < x!.length; at++) {
      const curve = curves[at % dim]!
      const value = curve.value(x![at]!)
      if (!Number.isFinite(value)) throw notFinite(x!, at, dim)
      z[at] = value
      logDet[Math.floor(at / dim)]! += curve.logSlope(x![at]!)
    }
  },
  backward: ([dz, dLogDet], [x]) => {
    const dim = curves.length
    return [
      x!.values.map((value, at) => {
        const curve = curves[at % dim]!
        const slope = Math.exp(curve.logSlope(value))
        return dz!.values[at]! * slope + dLogDet!.values[Math.floor(at / dim)]! * curve.logSlopeDerivative(value)
      }),
    ]
  },
})

function notFinite(values: Numbers, at: number, width: number): NotFiniteError {
  const [row, column] = [Math.floor(at / width), at % width]
  return new NotFiniteError(`row ${row} has no finite value: ${values[at]} in column ${column} cannot be transformed`, {
    values: { row, column },
  })
}
