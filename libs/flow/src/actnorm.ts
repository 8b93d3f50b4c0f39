import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Bijector, MappedRows } from './bijector.js'
import { plainKernel } from './plain-kernel.js'
import type { Numbers, Rows } from './rows.js'

/**
 * Activation normalisation: one shift and one scale per feature, set from data before the first step and learned
 * from then on.
 *
 *     z = (x + bias) ⊙ exp(logScale)        log|det ∂z/∂x| = Σᵢ logScaleᵢ
 *
 * @param bias      [dim]
 * @param logScale  [dim]
 * @see Kingma & Dhariwal 2018, arXiv:1807.03039, section 3.1
 */
export function actnorm(bias: Tensor1D, logScale: Tensor1D): Bijector {
  const forwardAndLogDet = (x: Tensor2D) => {
    const [value, logDet] = normalise([x, bias, logScale], {}) as [Tensor2D, Tensor1D]
    return { value, logDet }
  }
  const forwardRows = ({ values, count, width }: Rows): MappedRows => {
    const z = new Float64Array(values.length)
    const logDet = new Float64Array(count)
    normaliseInto(z, logDet, values, bias.dataSync<'float32'>(), logScale.dataSync<'float32'>())
    return { value: { values: z, count, width }, logDet }
  }
  const inverseAndLogDet = ({ values, count, width }: Rows): MappedRows => {
    const shifts = bias.dataSync<'float32'>()
    const scales = Float64Array.from(logScale.dataSync(), Math.exp)
    const x = values.map((z, at) => z / scales[at % width]! - shifts[at % width]!)
    const stretch = logScale.dataSync<'float32'>().reduce((total, number) => total - number, 0)
    return { value: { values: x, count, width }, logDet: new Float64Array(count).fill(stretch) }
  }
  return { forwardAndLogDet, forwardRows, inverseAndLogDet }
}

function normaliseInto(z: Numbers, logDet: Numbers, x: Numbers, bias: Float32Array, logScale: Float32Array): void {
  const dim = bias.length
  const scale = Float64Array.from(logScale, Math.exp)
  for (let row = 0; row < z.length; row += dim) {
    for (let column = 0; column < dim; column++) z[row + column] = (x[row + column]! + bias[column]!) * scale[column]!
  }
  logDet.fill(logScale.reduce((total, number) => total + number, 0))
}

/** x [batch, dim], bias [dim], logScale [dim] → z [batch, dim], logDet [batch] */
const normalise = plainKernel<Record<string, never>>({
  forward: ([x, bias, logScale]) => {
    const [batch, dim] = x!.shape as [number, number]
    const z = new Float32Array(batch * dim)
    const logDet = new Float32Array(batch)
    normaliseInto(z, logDet, x!.values, bias!.values, logScale!.values)
    return {
      outputs: [
        { values: z, shape: [batch, dim] },
        { values: logDet, shape: [batch] },
      ],
    }
  },
  backward: ([dz, dLogDet], [x, bias, logScale]) => {
    const dim = x!.shape[1]!
    const scale = Float64Array.from(logScale!.values, Math.exp)
    const dx = new Float32Array(x!.values.length)
    const dBias = new Float64Array(dim)
    const dLogScale = new Float64Array(dim).fill(dLogDet!.values.reduce((total, number) => total + number, 0))
    for (let row = 0; row < dx.length; row += dim) {
      for (let column = 0; column < dim; column++) {
        const slope = dz!.values[row + column]! * scale[column]!
        dx[row + column] = slope
        dBias[column]! += slope
        dLogScale[column]! += slope * (x!.values[row + column]! + bias!.values[column]!)
      }
    }
    return [dx, new Float32Array(dBias), new Float32Array(dLogScale)]
  },
})

/** Below this deviation a feature counts as constant, and scaling it up further would only amplify rounding. */
const SMALLEST_DEVIATION = 1e-6

/**
 * The bias and log-scale with which actnorm gives these rows mean 0 and deviation 1 in every feature.
 *
 * @param rows     [count, dim], row-major, count ≥ 1
 * @param weights  [count]; how much each row counts, some above 0. Default: alike.
 */
export function actnormOf(
  rows: Float32Array,
  dim: number,
  weights: Float32Array = new Float32Array(rows.length / dim).fill(1),
): { bias: Float32Array; logScale: Float32Array } {
  const weight = weights.reduce((total, each) => total + each, 0)
  const bias = new Float32Array(dim)
  const logScale = new Float32Array(dim)
  for (let column = 0; column < dim; column++) {
    let total = 0
    weights.forEach((each, row) => {
      total += each * rows[row * dim + column]!
    })
    const mean = total / weight
    let squares = 0
    weights.forEach((each, row) => {
      squares += each * (rows[row * dim + column]! - mean) ** 2
    })
    bias[column] = -mean
    logScale[column] = -Math.log(Math.max(Math.sqrt(squares / weight), SMALLEST_DEVIATION))
  }
  return { bias, logScale }
}
