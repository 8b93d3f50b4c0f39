import type { FlowSizes } from '../flows/flow-state.js'
import { regrouped } from '../onnx/pieces.js'
import { zeroed } from '../tensor/scratch.js'
import type { Bijector } from './bijector.js'
import type { Conditioner } from './conditioner/conditioner.js'
import { boundedScale, conditionerPart } from './conditioner/conditioner-part.js'
import type { Part } from './part.js'
import { mapRows, mapTensors, type RowMap } from './row-map.js'

/**
 * Conditional shift and scale: shifts and scales every feature by functions of the context.
 *
 *     [r, t] = conditioner(context)      s = 7·tanh(r/7)
 *     z = (x − t) ⊙ exp(s)               log|det ∂z/∂x| = Σⱼ sⱼ
 *
 * It is the first bijector, next to the data; the layers after it model the variation that the context does not explain.
 *
 * @param conditioner  [batch, contextDim] → [batch, 2·dim]
 * @returns bijector whose logDet is [batch], in nats; its methods take a context, which fits, scorers and samples check before
 */
export function contextShift(conditioner: Conditioner): Bijector {
  return {
    forwardAndLogDet: (x, context) => mapTensors([x, conditioner.ofTensor(context!)], SHIFT_THEN_SCALE),
    forwardRows: (x, context) => mapRows(x, [conditioner.ofRows(context!).values], SHIFT_THEN_SCALE),
    inverseAndLogDet: (z, context) => {
      const { count, width: dim } = z
      const raw = conditioner.ofRows(context!).values
      const values = new Float64Array(count * dim)
      const logDet = new Float64Array(count)
      for (let row = 0; row < count; row++) {
        for (let column = 0; column < dim; column++) {
          const s = CONTEXT_SCALE_BOUND * Math.tanh(raw[2 * row * dim + column]! / CONTEXT_SCALE_BOUND)
          const t = raw[(2 * row + 1) * dim + column]!
          values[row * dim + column] = z.values[row * dim + column]! * Math.exp(-s) + t
          logDet[row]! -= s
        }
      }
      return { value: { values, count, width: dim }, logDet }
    },
  }
}

/**
 * A known group can determine a number to a thousandth of its spread (the distance of a route), an unknown one not at all:
 * e^±7 covers that range, and the e^±2 of a coupling would not.
 */
const CONTEXT_SCALE_BOUND = 7

/** The context shift `base`, first of every conditional flow. */
export function contextShiftPart({ dim, contextDim, hidden }: FlowSizes): Part {
  const conditioner = conditionerPart('base', { inputs: contextDim, hidden, outputs: 2 * dim })
  return {
    learned: conditioner.learned,
    start: ({ weights }) => conditioner.start(weights),
    bijector: (tensors) => contextShift(conditioner.of(tensors)),
    toGraph: (graph, { pieces, context }, weights) => {
      const features = [...Array(dim).keys()]
      const raw = conditioner.toGraph(graph, context!, weights, {
        scaleOf: (output) => (output < dim ? 1 / CONTEXT_SCALE_BOUND : 1),
      })
      const [squashed, shift] = graph.halveColumns(raw, dim)
      const { logScale, scale } = boundedScale(graph, squashed, CONTEXT_SCALE_BOUND)
      const [columns] = regrouped(graph, pieces, [features])
      const shifted = graph.node('Mul', [graph.node('Sub', [columns!, shift]), scale])
      return { pieces: [{ columns: shifted, features }], logDetColumns: logScale }
    },
  }
}

/** x [batch, dim], raw [batch, 2·dim] → z [batch, dim], logDet [batch] */
const SHIFT_THEN_SCALE: RowMap = {
  compute: (z, logDet, [x, raw]) => {
    const dim = x!.length / logDet.length
    for (let row = 0; row < logDet.length; row++) {
      let total = 0
      for (let column = 0; column < dim; column++) {
        const at = row * dim + column
        const s = CONTEXT_SCALE_BOUND * Math.tanh(raw![2 * row * dim + column]! / CONTEXT_SCALE_BOUND)
        total += s
        z[at] = (x![at]! - raw![(2 * row + 1) * dim + column]!) * Math.exp(s)
      }
      logDet[row] = total
    }
  },
  backward: ([dz, dLogDet], [x, raw]) => {
    const [batch, dim] = x!.shape as [number, number]
    const dx = zeroed(batch * dim)
    const dRaw = zeroed(2 * batch * dim)
    for (let row = 0; row < batch; row++) {
      for (let column = 0; column < dim; column++) {
        const at = row * dim + column
        const shift = (2 * row + 1) * dim + column
        const squashed = Math.tanh(raw!.values[2 * row * dim + column]! / CONTEXT_SCALE_BOUND)
        const slope = dz!.values[at]! * Math.exp(CONTEXT_SCALE_BOUND * squashed)
        dx[at] = slope
        dRaw[2 * row * dim + column] =
          (slope * (x!.values[at]! - raw!.values[shift]!) + dLogDet!.values[row]!) * (1 - squashed * squashed)
        dRaw[shift] = -slope
      }
    }
    return [dx, dRaw]
  },
}
