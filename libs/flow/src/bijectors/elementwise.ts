import { NotFiniteError, ShapeError } from '../errors.js'
import type { Numbers } from '../tensor/rows.js'
import type { Bijector } from './bijector.js'
import { rowKernel } from './row-kernel.js'

/** An increasing function of one number, with the parameters of its column. */
interface Curve {
  value(x: number, parameters: readonly number[]): number
  /** log dz/dx */
  logSlope(x: number, parameters: readonly number[]): number
  /** d(log dz/dx)/dx */
  logSlopeDerivative(x: number, parameters: readonly number[]): number
  inverse(z: number, parameters: readonly number[]): number
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
  return affineOf(shift.map((number, column) => [number, scale[column]!]))
}

/** z = log(x/(1 − x)), for columns between 0 and 1. Its methods throw a NotFiniteError that names the first row with another value. */
export const logit = (dim: number): Bijector => logitOf(Array.from({ length: dim }, () => []))

const affineOf = elementwise({
  value: (x, [shift, scale]) => (x - shift!) / scale!,
  logSlope: (_, [, scale]) => -Math.log(scale!),
  logSlopeDerivative: () => 0,
  inverse: (z, [shift, scale]) => z * scale! + shift!,
})

const logitOf = elementwise({
  value: (x) => Math.log(x) - Math.log1p(-x),
  logSlope: (x) => -Math.log(x) - Math.log1p(-x),
  logSlopeDerivative: (x) => 1 / (1 - x) - 1 / x,
  inverse: (z) => 1 / (1 + Math.exp(-z)),
})

/** Makes a bijector that applies a curve to every column, with parameters by column, [dim]. Results that are not finite throw. */
function elementwise(curve: Curve): (columns: readonly (readonly number[])[]) => Bijector {
  const kernel = rowKernel<{ readonly columns: readonly (readonly number[])[] }>({
    compute: (z, logDet, [x], { columns }) => {
      const dim = columns.length
      for (let at = 0; at < x!.length; at++) {
        const row = Math.floor(at / dim)
        const parameters = columns[at % dim]!
        const value = curve.value(x![at]!, parameters)
        if (!Number.isFinite(value)) throw notFinite(x!, at, dim)
        z[at] = value
        logDet[row]! += curve.logSlope(x![at]!, parameters)
      }
    },
    backward: ([dz, dLogDet], [x], { columns }) => {
      const dim = columns.length
      return [
        x!.values.map((value, at) => {
          const parameters = columns[at % dim]!
          const slope = Math.exp(curve.logSlope(value, parameters))
          return (
            dz!.values[at]! * slope +
            dLogDet!.values[Math.floor(at / dim)]! * curve.logSlopeDerivative(value, parameters)
          )
        }),
      ]
    },
  })
  return (columns) => ({
    forwardAndLogDet: (x) => kernel.ofTensors([x], { columns }),
    forwardRows: (x) => kernel.ofRows(x, [], { columns }),
    inverseAndLogDet: ({ values, count, width }) => {
      const x = values.map((z, at) => curve.inverse(z, columns[at % width]!))
      const logDet = new Float64Array(count)
      for (let at = 0; at < x.length; at++) {
        const logSlope = curve.logSlope(x[at]!, columns[at % width]!)
        // The inverse is not finite in float64, such as the logarithm of a share that rounds to 1.
        if (!Number.isFinite(x[at]!) || !Number.isFinite(logSlope)) throw notFinite(values, at, width)
        logDet[Math.floor(at / width)]! -= logSlope
      }
      return { value: { values: x, count, width }, logDet }
    },
  })
}

function notFinite(values: Numbers, at: number, width: number): NotFiniteError {
  const [row, column] = [Math.floor(at / width), at % width]
  return new NotFiniteError(`row ${row} has no finite value: ${values[at]} in column ${column} cannot be transformed`, {
    values: { row, column },
  })
}
