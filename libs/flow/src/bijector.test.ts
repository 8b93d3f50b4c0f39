import { tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import { describe } from 'vitest'
import { actnorm } from './actnorm.js'
import { keepsTheLawsOfABijector } from './bijector.laws.js'
import { chain } from './chain.js'
import { type Conditioner, mlp } from './conditioner.js'
import { contextShift } from './context-shift.js'
import { affineCoupling } from './coupling.js'
import { halfMasks } from './mask.js'
import { onEachBackend } from './on-each-backend.js'
import type { Random } from './random.js'

await onEachBackend('the laws', () => {
  describe('an empty chain', () => keepsTheLawsOfABijector(() => chain([])))
  describe('actnorm', () => keepsTheLawsOfABijector((dim, _, random) => anActnorm(dim, random)))
  describe('an affine coupling', () => keepsTheLawsOfABijector(aCoupling))
  describe('a context shift', () =>
    keepsTheLawsOfABijector((dim, contextDim, random) => contextShift(aConditioner(contextDim, dim, random)), 1))
  describe('a chain', () =>
    keepsTheLawsOfABijector((dim, contextDim, random) =>
      chain([anActnorm(dim, random), aCoupling(dim, contextDim, random), aCoupling(dim, contextDim, random)]),
    ))
})

function anActnorm(dim: number, random: Random) {
  return actnorm(tensor1d(normals(dim, random)), tensor1d(normals(dim, random)))
}

function aCoupling(dim: number, contextDim: number, random: Random) {
  const [mask] = halfMasks(dim, 1, random)
  return affineCoupling(mask!, aConditioner(dim + contextDim, dim, random), 2)
}

function aConditioner(inputs: number, dim: number, random: Random): Conditioner {
  const widths = [inputs, 5, 2 * dim]
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
