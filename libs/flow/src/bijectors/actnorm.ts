import type { Tensor1D } from '@tensorflow/tfjs-core'
import type { FlowState } from '../flows/flow-state.js'
import { stacked } from '../onnx/pieces.js'
import { zeroed } from '../tensor/scratch.js'
import type { Bijector } from './bijector.js'
import type { Part } from './part.js'
import { mapRows, mapTensors, type RowMap } from './row-map.js'

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
  return {
    forwardAndLogDet: (x) => mapTensors([x, bias, logScale], NORMALISE),
    forwardRows: (x) => mapRows(x, [bias.dataSync<'float32'>(), logScale.dataSync<'float32'>()], NORMALISE),
    inverseAndLogDet: ({ values, count, width }) => {
      const shifts = bias.dataSync<'float32'>()
      const scales = Float64Array.from(logScale.dataSync(), Math.exp)
      const x = values.map((z, at) => z / scales[at % width]! - shifts[at % width]!)
      const stretch = logScale.dataSync<'float32'>().reduce((total, number) => total - number, 0)
      return { value: { values: x, count, width }, logDet: new Float64Array(count).fill(stretch) }
    },
  }
}

export function actnormPart(layer: number, dim: number): Part {
  const { bias, logScale } = namesOf(layer)
  return {
    learned: new Map([
      [bias, [dim]],
      [logScale, [dim]],
    ]),
    start: () => new Map(),
    bijector: (tensors) => actnorm(tensors.get(bias) as Tensor1D, tensors.get(logScale) as Tensor1D),
    toGraph: (graph, { pieces }, weights) => {
      const [shifts, scales] = [weights.get(bias)!.data, weights.get(logScale)!.data]
      const isIdentity = [...shifts, ...scales].every((number) => number === 0)
      if (isIdentity) return { pieces }
      const { columns, features } = stacked(graph, pieces)
      const inOrder = (numbers: Float32Array) => Float64Array.from(features, (feature) => numbers[feature]!)
      const shifted = graph.node('Add', [columns, graph.perColumn(inOrder(shifts))])
      const stretched = graph.node('Mul', [shifted, graph.perColumn(inOrder(scales).map(Math.exp))])
      return {
        pieces: [{ columns: stretched, features }],
        logDetConstant: scales.reduce((total, number) => total + number, 0),
      }
    },
  }
}

const namesOf = (layer: number) => ({
  bias: `layers.${layer}.actnorm.bias`,
  logScale: `layers.${layer}.actnorm.logScale`,
})

/** The flow with another first actnorm; bias and logScale are [dim]. */
export function withFirstActnorm({ spec, weights }: FlowState, bias: Float32Array, logScale: Float32Array): FlowState {
  const names = namesOf(0)
  const shape = [spec.dim]
  return {
    spec,
    weights: new Map(weights).set(names.bias, { shape, data: bias }).set(names.logScale, { shape, data: logScale }),
  }
}

/** x [batch, dim], bias [dim], logScale [dim] → z [batch, dim], logDet [batch] */
const NORMALISE: RowMap = {
  compute: (z, logDet, [x, bias, logScale]) => {
    const dim = bias!.length
    let stretch = 0
    for (let column = 0; column < dim; column++) {
      const shift = bias![column]!
      const scale = Math.exp(logScale![column]!)
      for (let at = column; at < z.length; at += dim) z[at] = (x![at]! + shift) * scale
      stretch += logScale![column]!
    }
    logDet.fill(stretch)
  },
  backward: ([dz, dLogDet], [x, bias, logScale]) => {
    const dim = x!.shape[1]!
    const byLogDet = dLogDet!.values.reduce((total, number) => total + number, 0)
    const [dx, dBias, dLogScale] = [zeroed(x!.values.length), zeroed(dim), zeroed(dim)]
    for (let column = 0; column < dim; column++) {
      const shift = bias!.values[column]!
      const scale = Math.exp(logScale!.values[column]!)
      let byBias = 0
      let byScale = byLogDet
      for (let at = column; at < dx.length; at += dim) {
        const slope = dz!.values[at]! * scale
        dx[at] = slope
        byBias += slope
        byScale += slope * (x!.values[at]! + shift)
      }
      dBias[column] = byBias
      dLogScale[column] = byScale
    }
    return [dx, dBias, dLogScale]
  },
}

/** Below this deviation a feature counts as constant: a larger scale would only amplify rounding. */
const SMALLEST_DEVIATION = 1e-6

/**
 * The bias and log-scale with which actnorm gives these rows mean 0 and deviation 1 in every feature.
 *
 * @param rows  [count, dim], row-major, count ≥ 1
 * @returns bias and logScale, [dim] each
 */
export function actnormOf(rows: Float32Array, dim: number): { bias: Float32Array; logScale: Float32Array } {
  const count = rows.length / dim
  const bias = new Float32Array(dim)
  const logScale = new Float32Array(dim)
  for (let column = 0; column < dim; column++) {
    let total = 0
    for (let at = column; at < rows.length; at += dim) total += rows[at]!
    const mean = total / count
    let squares = 0
    for (let at = column; at < rows.length; at += dim) squares += (rows[at]! - mean) ** 2
    bias[column] = -mean
    logScale[column] = -Math.log(Math.max(Math.sqrt(squares / count), SMALLEST_DEVIATION))
  }
  return { bias, logScale }
}
