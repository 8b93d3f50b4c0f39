import type { FlowSizes } from '../flows/flow-state.js'
import { copied, zeroed } from '../tensor/scratch.js'
import type { Bijector } from './bijector.js'
import type { Conditioner } from './conditioner/conditioner.js'
import { boundedScale } from './conditioner/conditioner-part.js'
import type { Mask } from './conditioner/mask.js'
import { maskedConditioner } from './conditioner/masked-conditioner.js'
import { couplingPart } from './coupling-part.js'
import type { Part } from './part.js'
import { mapRows, mapTensors, type RowMap } from './row-map.js'

/**
 * Affine coupling layer: the held features pass through and, with the context, set log-scale and shift of the moved ones.
 *
 *     [r, t] = conditioner(b⊙x, context)      s = (1−b)⊙bound·tanh(r/bound)
 *     z = x⊙exp(s) + (1−b)⊙t                  log|det ∂z/∂x| = Σⱼ sⱼ
 *
 * The bound limits exp(s) to e^±bound per layer, also for rows far from the training data.
 *
 * @param mask         [dim]; 1 holds a feature, 0 moves it
 * @param conditioner  [batch, dim + contextDim] → [batch, 2·dim]
 * @param bound        bound of |s|
 * @returns bijector whose logDet is [batch], in nats
 * @throws {ShapeError} when the mask holds every feature, or moves all of several
 * @see Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803, eqs 6 and 9
 */
export function affineCoupling(mask: Mask, conditioner: Conditioner, bound: number): Bijector {
  const { moved, rawOfTensor, rawOfRows } = maskedConditioner(mask, conditioner, (moved) =>
    outputsOf(moved, mask.length),
  )
  return {
    forwardAndLogDet: (x, context) => mapTensors([x, rawOfTensor(x, context)], scaleThenShift(moved, bound)),
    forwardRows: (x, context) => mapRows(x, [rawOfRows(x, context)], scaleThenShift(moved, bound)),
    inverseAndLogDet: (z, context) => {
      const { count, width } = z
      const raw = rawOfRows(z, context)
      const values = z.values.slice()
      const logDet = new Float64Array(count)
      for (let row = 0, from = 0; row < count; row++, from += 2 * moved.length) {
        moved.forEach((column, place) => {
          const s = bound * Math.tanh(raw[from + place]! / bound)
          const t = raw[from + moved.length + place]!
          values[row * width + column] = (z.values[row * width + column]! - t) * Math.exp(-s)
          logDet[row]! -= s
        })
      }
      return { value: { values, count, width }, logDet }
    },
  }
}

/** The conditioner's outputs of the moved features: log-scales, then shifts. */
const outputsOf = (moved: readonly number[], dim: number) => [...moved, ...moved.map((feature) => dim + feature)]

/** The affine coupling of a layer. Its last weights are divided by the bound in the graph, which saves dividing the output. */
export function affineCouplingPart(layer: number, sizes: FlowSizes & { readonly scaleBound: number }): Part {
  const { dim, scaleBound } = sizes
  return couplingPart(layer, sizes, {
    outputs: 2 * dim,
    bijector: (mask, conditioner) => affineCoupling(mask, conditioner, scaleBound),
    outputsOf: (moved) => ({
      outputs: outputsOf(moved, dim),
      scaleOf: (output) => (output < dim ? 1 / scaleBound : 1),
    }),
    transform: (graph, x, raw, count) => {
      const [squashed, shift] = graph.halveColumns(raw, count)
      const { logScale, scale } = boundedScale(graph, squashed, scaleBound)
      return { columns: graph.node('Add', [graph.node('Mul', [x, scale]), shift]), logDetColumns: logScale }
    },
  })
}

/** x [batch, dim], raw [batch, 2·moved] → z [batch, dim], logDet [batch] */
function scaleThenShift(moved: readonly number[], bound: number): RowMap {
  // Values that the gradient reuses: tanh(r/bound) and exp(s), [batch, moved] each.
  let squashed: Float32Array
  let scale: Float32Array
  return {
    compute: (z, logDet, [x, raw]) => {
      const batch = logDet.length
      const count = moved.length
      const dim = x!.length / batch
      squashed = zeroed(batch * count)
      scale = zeroed(batch * count)
      z.set(x!)
      for (let row = 0; row < batch; row++) {
        let total = 0
        for (let place = 0; place < count; place++) {
          const at = row * dim + moved[place]!
          const tanh = Math.tanh(raw![2 * row * count + place]! / bound)
          const stretch = Math.exp(bound * tanh)
          total += bound * tanh
          z[at] = x![at]! * stretch + raw![(2 * row + 1) * count + place]!
          squashed[row * count + place] = tanh
          scale[row * count + place] = stretch
        }
        logDet[row] = total
      }
    },
    backward: ([dz, dLogDet], [x]) => {
      const [batch, dim] = x!.shape as [number, number]
      const count = moved.length
      const dx = copied(dz!.values)
      const dRaw = zeroed(2 * batch * count)
      for (let row = 0; row < batch; row++) {
        const byLogDet = dLogDet!.values[row]!
        for (let place = 0; place < count; place++) {
          const at = row * dim + moved[place]!
          const tanh = squashed[row * count + place]!
          const slope = dz!.values[at]! * scale[row * count + place]!
          dx[at] = slope
          dRaw[2 * row * count + place] = (slope * x!.values[at]! + byLogDet) * (1 - tanh * tanh)
          dRaw[(2 * row + 1) * count + place] = dz!.values[at]!
        }
      }
      return [dx, dRaw]
    },
  }
}
