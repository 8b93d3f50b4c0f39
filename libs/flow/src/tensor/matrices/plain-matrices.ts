import { core } from '../tfjs.js'
import type { Matrices } from './matrix-operations.js'

/** By tfjs's public operations, for any version and backend; call it within a `tidy`. */
export const plainMatrices: Matrices = {
  dense: (x, weight, bias, activation) => {
    const value = core().add(core().matMul(x, weight), bias)
    return activation === 'relu' ? core().relu(value) : value
  },
  reluGradient: (dy, value) => core().mul(dy, core().step(value)),
  columnSums: (rows) => core().sum(rows, 0),
  timesTransposed: (a, b) => core().matMul(a, b, false, true),
  transposedTimes: (a, b) => core().matMul(a, b, true, false),
}
