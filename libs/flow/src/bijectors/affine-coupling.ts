import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { plainKernel } from '../tensor/plain-kernel.js'
import type { Numbers } from '../tensor/rows.js'
import { copied, zeroed } from '../tensor/scratch.js'
import type { Bijector } from './bijector.js'
import type { Conditioner } from './conditioner/conditioner.js'
import type { Mask } from './conditioner/mask.js'
import { maskedConditioner } from './conditioner/masked-conditioner.js'

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
  const dim = mask.length
  const { moved, rawOfTensor, rawOfRows } = maskedConditioner(mask, conditioner, (moved) => [
    ...moved,
    ...moved.map((feature) => dim + feature),
  ])
  return {
    forwardAndLogDet: (x, context) => {
      const [value, logDet] = scaleThenShift([x, rawOfTensor(x, context)], { moved, bound }) as [Tensor2D, Tensor1D]
      return { value, logDet }
    },
    forwardRows: (x, context) => {
      const { count, width } = x
      const raw = rawOfRows(x, context)
      const values = new Float64Array(count * width)
      const logDet = new Float64Array(count)
      computeScaleThenShift({ z: values, logDet }, x.values, raw, moved, bound)
      return { value: { values, count, width }, logDet }
    },
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

/** z and logDet of x [batch, dim] and raw [batch, 2·moved]; also stores values that the gradient reuses, if arrays for them are given. */
function computeScaleThenShift(
  into: { z: Numbers; logDet: Numbers } & Partial<ReusedValues>,
  x: Numbers,
  raw: Numbers,
  moved: readonly number[],
  bound: number,
): void {
  const { z, logDet, squashed, scale } = into
  const count = moved.length
  const dim = x.length / logDet.length
  z.set(x)
  for (let row = 0; row < logDet.length; row++) {
    let total = 0
    for (let place = 0; place < count; place++) {
      const at = row * dim + moved[place]!
      const tanh = Math.tanh(raw[2 * row * count + place]! / bound)
      const stretch = Math.exp(bound * tanh)
      total += bound * tanh
      z[at] = x[at]! * stretch + raw[(2 * row + 1) * count + place]!
      if (squashed !== undefined) squashed[row * count + place] = tanh
      if (scale !== undefined) scale[row * count + place] = stretch
    }
    logDet[row] = total
  }
}

/** Values that the gradient reuses: tanh(r/bound) and exp(s), [batch, moved] each. */
interface ReusedValues {
  readonly squashed: Float32Array
  readonly scale: Float32Array
}

/** x [batch, dim], raw [batch, 2·moved] → z [batch, dim], logDet [batch] */
const scaleThenShift = plainKernel<{ readonly moved: readonly number[]; readonly bound: number }, ReusedValues>({
  forward: ([x, raw], { moved, bound }) => {
    const { shape } = x!
    const batch = shape[0]!
    const z = zeroed(x!.values.length)
    const [squashed, scale] = [zeroed(batch * moved.length), zeroed(batch * moved.length)]
    const logDet = zeroed(batch)
    computeScaleThenShift({ z, logDet, squashed, scale }, x!.values, raw!.values, moved, bound)
    const outputs = [
      { values: z, shape },
      { values: logDet, shape: [batch] },
    ]
    return { outputs, saved: { squashed, scale } }
  },
  backward: ([dz, dLogDet], [x], { moved }, { squashed, scale }) => {
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
})
