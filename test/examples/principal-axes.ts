import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** A rotation of rows to their principal axes, each scaled to standard deviation 1. */
interface PrincipalAxes {
  /** [count, width] → [count, axes], the axis of the largest spread first; default: all of them */
  rotate(rows: Float64Array, axes?: number): Float64Array
  rotateBack(coordinates: Float64Array): Float64Array
  /** log|det| of the rotation, the same for every row, nats */
  readonly logDet: number
}

/** @param rows  [count, width] */
export function principalAxes(rows: Float64Array, width: number): PrincipalAxes {
  const count = rows.length / width
  const mean = new Float64Array(width)
  rows.forEach((value, at) => {
    mean[at % width]! += value / count
  })
  const centred = matrixOf(
    rows.map((value, at) => value - mean[at % width]!),
    width,
  )
  const covariance = centred.transpose().mmul(centred).div(count)
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true })
  const order = realEigenvalues.map((_, axis) => axis).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
  const vectors = eigenvectorMatrix.subMatrixColumn(order)
  const deviations = order.map((axis) => Math.sqrt(realEigenvalues[axis]!))
  return {
    rotate: (values, axes = width) => {
      const shifted = matrixOf(
        values.map((value, at) => value - mean[at % width]!),
        width,
      )
      const kept = vectors.subMatrix(0, width - 1, 0, axes - 1)
      return Float64Array.from(shifted.mmul(kept).divRowVector(deviations.slice(0, axes)).to1DArray())
    },
    rotateBack: (coordinates) => {
      const spread = matrixOf(coordinates, width).mulRowVector(deviations)
      return Float64Array.from(spread.mmul(vectors.transpose()).addRowVector(Array.from(mean)).to1DArray())
    },
    logDet: -deviations.reduce((total, deviation) => total + Math.log(deviation), 0),
  }
}

function matrixOf(values: Float64Array, width: number): Matrix {
  return Matrix.from1DArray(values.length / width, width, values)
}
