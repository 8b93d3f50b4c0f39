import { NotFiniteError, ShapeError } from '../errors.js'

/** Numbers of either precision, row-major. */
export type Numbers = Float32Array | Float64Array

/** The context of an unconditional flow, which has none. */
export const NO_CONTEXT = new Float32Array(0)

/** A matrix of plain float64 numbers, row-major. */
export interface Rows {
  /** [count, width] */
  readonly values: Float64Array
  readonly count: number
  readonly width: number
}

/** @throws {ShapeError} when a matrix is not [count, columns] */
export function checkRows(matrix: Numbers, columns: number, count: number, what: string): void {
  if (matrix.length === count * columns && Number.isInteger(count)) return
  const got = `${matrix.length} numbers for ${count} rows`
  throw new ShapeError(`the flow takes ${columns} ${what}s a row, got ${got}; was it fitted with another encoder?`)
}

/** @throws {NotFiniteError} naming the first row that holds NaN or an infinity */
export function checkFinite<T extends Numbers>(values: T, columns: number): T {
  // A loop: `findIndex` takes a tenth of the time that ONNX Runtime does.
  let at = 0
  while (Number.isFinite(values[at])) at++
  if (at === values.length) return values
  const row = Math.floor(at / columns)
  throw new NotFiniteError(`row ${row} has no finite likelihood: a value of it is ${values[at]}`, { values: { row } })
}
