import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { plainKernel } from '../tensor/plain-kernel.js'
import type { Numbers, Rows } from '../tensor/rows.js'
import { copied, zeroed } from '../tensor/scratch.js'
import type { Bijector, RowsAndLogDet } from './bijector.js'
import type { Conditioner } from './conditioner/conditioner.js'
import type { Mask } from './conditioner/mask.js'
import { maskedConditioner } from './conditioner/masked-conditioner.js'
import { knotsOf, rawLength, splineAt, splineGradient, splineInverseAt } from './spline.js'

/** Sizes of the splines of a coupling. */
export interface SplineSizes {
  /** Bins of every spline. */
  readonly bins: number
  /** Beyond ±tailBound a spline is the identity. */
  readonly tailBound: number
}

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
  const length = rawLength(bins)
  const { moved, rawOfTensor, rawOfRows } = maskedConditioner(mask, conditioner, (moved) =>
    moved.flatMap((feature) => Array.from({ length }, (_, at) => feature * length + at)),
  )
  const mapRows = (at: SplineMap, sign: 1 | -1, x: Rows, context: Rows | undefined): RowsAndLogDet => {
    const { count, width } = x
    const values = new Float64Array(count * width)
    const logDet = new Float64Array(count)
    computeSplines(values, logDet, x.values, rawOfRows(x, context), { moved, bins, tailBound }, at)
    return { value: { values, count, width }, logDet: sign === 1 ? logDet : logDet.map((nats) => -nats) }
  }
  return {
    forwardAndLogDet: (x, context) => {
      const [value, logDet] = applySplines([x, rawOfTensor(x, context)], { moved, bins, tailBound }) as [
        Tensor2D,
        Tensor1D,
      ]
      return { value, logDet }
    },
    forwardRows: (x, context) => mapRows(splineAt, 1, x, context),
    inverseAndLogDet: (z, context) => mapRows(splineInverseAt, -1, z, context),
  }
}

type SplineMap = typeof splineAt

interface MovedSplines extends SplineSizes {
  /** The features that are moved. */
  readonly moved: readonly number[]
}

/** z [batch, dim] and logDet [batch] of x [batch, dim] and raw [batch, moved·(3·bins − 1)] */
function computeSplines(
  z: Numbers,
  logDet: Numbers,
  x: Numbers,
  raw: Numbers,
  { moved, bins, tailBound }: MovedSplines,
  map: SplineMap,
): void {
  const dim = x.length / logDet.length
  const length = rawLength(bins)
  z.set(x)
  for (let row = 0, from = 0; row < logDet.length; row++) {
    let total = 0
    for (const column of moved) {
      const at = row * dim + column
      const { value, logSlope } = map(knotsOf(raw, from, bins), tailBound, x[at]!)
      z[at] = value
      total += logSlope
      from += length
    }
    logDet[row] = total
  }
}

/** x [batch, dim], raw [batch, moved·(3·bins − 1)] → z [batch, dim], logDet [batch] */
const applySplines = plainKernel<MovedSplines>({
  forward: ([x, raw], attributes) => {
    const [batch, dim] = x!.shape as [number, number]
    const z = zeroed(batch * dim)
    const logDet = zeroed(batch)
    computeSplines(z, logDet, x!.values, raw!.values, attributes, splineAt)
    return {
      outputs: [
        { values: z, shape: [batch, dim] },
        { values: logDet, shape: [batch] },
      ],
    }
  },
  backward: ([dz, dLogDet], [x, raw], { moved, bins, tailBound }) => {
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
