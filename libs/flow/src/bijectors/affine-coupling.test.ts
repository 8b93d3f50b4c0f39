import { expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { affineCoupling } from './affine-coupling.js'
import type { Conditioner } from './conditioner/conditioner.js'

const unused: Conditioner = {
  ofTensor: (input) => input,
  ofRows: (input) => input,
}

it('throws for a mask that holds every feature, and for one that moves all of several', () => {
  expect(() => affineCoupling([1, 1], unused, 2)).toThrow(ShapeError)
  expect(() => affineCoupling([0, 0], unused, 2)).toThrow(ShapeError)
})
