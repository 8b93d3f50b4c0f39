import type { FlowSizes } from '../flows/flow-state.js'
import { copied, zeroed } from '../tensor/scratch.js'
import type { Bijector } from './bijector.js'
import type { Conditioner } from './conditioner/conditioner.js'
import type { Mask } from './conditioner/mask.js'
import { maskedConditioner } from './conditioner/masked-conditioner.js'
import { couplingPart } from './coupling-part.js'
import type { Part } from './part.js'
import { mapRows, mapTensors, type RowMap } from './row-map.js'
import { knotsOf, rawLength, splineAt, splineGradient, splineInverseAt } from './spline.js'
import { type SplineSizes, splineGraph } from './spline-onnx.js'

/**
 * Spline coupling layer: the held features pass through and, with the context, set the knots of a monotonic spline for each
 * moved one.
 *
 *     r = conditioner(b⊙x, context)      z = b⊙x + (1−b)⊙spline(x; knots(r))      log|det ∂z/∂x| = Σⱼ (1−bⱼ)·log(dzⱼ/dxⱼ)
 *
 * An affine layer only shifts and scales a feature; a spline can separate its modes. Values beyond ±tailBound pass through
 * unchanged, so an outlier does not lose digits in float32.
 *
 * @param mask         [dim]; 1 holds a feature, 0 moves it
 * @param conditioner  [batch, dim + contextDim] → [batch, dim·(3·bins − 1)], feature by feature
 * @returns bijector whose logDet is [batch], in nats
 * @throws {ShapeError} when the mask holds every feature, or moves all of several
 * @see Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032
 */
export function splineCoupling(mask: Mask, conditioner: Conditioner, { bins, tailBound }: SplineSizes): Bijector {
  const { moved, rawOfTensor, rawOfRows } = maskedConditioner(mask, conditioner, (moved) => outputsOf(moved, bins))
  const forward = applySplines(splineAt, moved, bins, tailBound)
  const inverse = applySplines(splineInverseAt, moved, bins, tailBound)
  return {
    forwardAndLogDet: (x, context) => mapTensors([x, rawOfTensor(x, context)], forward),
    forwardRows: (x, context) => mapRows(x, [rawOfRows(x, context)], forward),
    inverseAndLogDet: (z, context) => {
      const { value, logDet } = mapRows(z, [rawOfRows(z, context)], inverse)
      return { value, logDet: logDet.map((nats) => -nats) }
    },
  }
}

/** The conditioner's outputs of the moved features. */
function outputsOf(moved: readonly number[], bins: number): readonly number[] {
  const length = rawLength(bins)
  return moved.flatMap((feature) => Array.from({ length }, (_, at) => feature * length + at))
}

export function splineCouplingPart(layer: number, sizes: FlowSizes & SplineSizes): Part {
  const length = rawLength(sizes.bins)
  return couplingPart(layer, sizes, {
    outputs: sizes.dim * length,
    bijector: (mask, conditioner) => splineCoupling(mask, conditioner, sizes),
    outputsOf: (moved) => ({ outputs: outputsOf(moved, sizes.bins) }),
    transform: (graph, x, raw, count) => {
      const rows = [graph.toRows(x, count), graph.toRows(raw, count * length)] as const
      const { value, logDet } = splineGraph(graph, ...rows, count, sizes)
      return { columns: graph.toColumns(value, count), logDet }
    },
  })
}

/**
 * x [batch, dim], raw [batch, moved·(3·bins − 1)] → z [batch, dim], logDet [batch]
 *
 * @param map  applies a spline; the gradient is that of `splineAt`
 */
const applySplines = (map: typeof splineAt, moved: readonly number[], bins: number, tailBound: number): RowMap => ({
  compute: (z, logDet, [x, raw]) => {
    const dim = x!.length / logDet.length
    const length = rawLength(bins)
    z.set(x!)
    for (let row = 0, from = 0; row < logDet.length; row++) {
      let total = 0
      for (const column of moved) {
        const at = row * dim + column
        const { value, logSlope } = map(knotsOf(raw!, from, bins), tailBound, x![at]!)
        z[at] = value
        total += logSlope
        from += length
      }
      logDet[row] = total
    }
  },
  backward: ([dz, dLogDet], [x, raw]) => {
    const [batch, dim] = x!.shape as [number, number]
    const length = rawLength(bins)
    const dx = copied(dz!.values)
    const dRaw = zeroed(raw!.values.length)
    for (let row = 0, from = 0; row < batch; row++) {
      for (const column of moved) {
        const at = row * dim + column
        const slopes = { dValue: dz!.values[at]!, dLogSlope: dLogDet!.values[row]! }
        dx[at] = splineGradient(knotsOf(raw!.values, from, bins), tailBound, x!.values[at]!, slopes, dRaw, from)
        from += length
      }
    }
    return [dx, dRaw]
  },
})
