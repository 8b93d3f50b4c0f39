import { add, matMul, mul, relu, step, sum } from '../tfjs.js'
import type { Matrices } from './matrix-operations.js'

/** By tfjs's public operations, for any version and backend; call it within a `tidy`. */
export const plainMatrices: Matrices = {
  dense: (x, weight, bias, activation) => {
    const value = add(matMul(x, weight), bias)
    return activation === 'relu' ? relu(value) : value
  },
  reluGradient: (dy, value) => mul(dy, step(value)),
  columnSums: (rows) => sum(rows, 0),
  timesTransposed: (a, b) => matMul(a, b, false, true),
  transposedTimes: (a, b) => matMul(a, b, true, false),
}
