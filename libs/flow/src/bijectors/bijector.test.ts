import { tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import { describe } from 'vitest'
import type { Random } from '../random.js'
import { onEachBackend } from '../tensor/on-each-backend.js'
import { actnorm } from './actnorm.js'
import { affineCoupling } from './affine-coupling.js'
import { checkBijectorLaws } from './bijector.laws.js'
import { chain } from './chain.js'
import { type Conditioner, mlp } from './conditioner/conditioner.js'
import { halfMasks } from './conditioner/mask.js'
import { contextShift } from './context-shift.js'
import { affine, logit } from './elementwise.js'
import { mixing } from './linear-mixing.js'
import { factorised } from './plu.js'
import { randomRotation } from './random-rotation.js'
import { rawLength } from './spline.js'
import { splineCoupling } from './spline-coupling.js'

await onEachBackend('the laws', () => {
  describe('actnorm', () => checkBijectorLaws((dim, _, random) => anActnorm(dim, random)))
  describe('an affine coupling', () => checkBijectorLaws(aCoupling))
  describe('a context shift', () =>
    checkBijectorLaws((dim, contextDim, random) => contextShift(aConditioner(contextDim, 2 * dim, random)), {
      leastContextDim: 1,
    }))
  describe('a linear mixing', () => checkBijectorLaws((dim, _, random) => aMixing(dim, random)))
  describe('a spline coupling', () => checkBijectorLaws(aSplineCoupling))
  describe('an affine transform', () =>
    checkBijectorLaws((dim, _, random) =>
      affine([...normals(dim, random)], Array.from(normals(dim, random), Math.exp)),
    ))
  describe('a logit', () => checkBijectorLaws((dim) => logit(dim), { domain: (number) => 1 / (1 + Math.exp(-number)) }))
  describe('a chain', () =>
    checkBijectorLaws((dim, contextDim, random) =>
      chain([
        anActnorm(dim, random),
        aCoupling(dim, contextDim, random),
        aRotation(dim, random),
        aSplineCoupling(dim, contextDim, random),
      ]),
    ))
})

function anActnorm(dim: number, random: Random) {
  return actnorm(tensor1d(normals(dim, random)), tensor1d(normals(dim, random)))
}

function aCoupling(dim: number, contextDim: number, random: Random) {
  const [mask] = halfMasks(dim, 1, random)
  return affineCoupling(mask!, aConditioner(dim + contextDim, 2 * dim, random), 2)
}

function aMixing(dim: number, random: Random) {
  const sign = Array.from({ length: dim }, () => (random.below(2) === 0 ? -1 : 1))
  const order = [...random.permutation(dim)]
  return mixing(tensor2d(normals(dim * dim, random), [dim, dim]), { order, sign })
}

function aRotation(dim: number, random: Random) {
  const { factors, order, sign } = factorised(randomRotation(dim, random), dim)
  return mixing(tensor2d(Float32Array.from(factors), [dim, dim]), { order, sign })
}

/** Its tails begin within the range of the rows. */
function aSplineCoupling(dim: number, contextDim: number, random: Random) {
  const [mask] = halfMasks(dim, 1, random)
  const sizes = { bins: 1 + random.below(6), tailBound: 1.5 }
  return splineCoupling(mask!, aConditioner(dim + contextDim, dim * rawLength(sizes.bins), random), sizes)
}

function aConditioner(inputs: number, outputs: number, random: Random): Conditioner {
  const widths = [inputs, 5, outputs]
  return mlp(
    widths.slice(1).map((width, index) => ({
      weight: tensor2d(normals(widths[index]! * width, random), [widths[index]!, width]),
      bias: tensor1d(normals(width, random)),
    })),
  )
}

function normals(count: number, random: Random): Float32Array {
  return Float32Array.from({ length: count }, () => 0.5 * random.normal())
}
