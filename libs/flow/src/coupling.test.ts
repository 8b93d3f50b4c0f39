import { expect, it } from 'vitest'
import type { Conditioner } from './conditioner.js'
import { affineCoupling } from './coupling.js'
import { ShapeError } from './errors.js'

const unused: Conditioner = {
  ofTensor: (input) => input,
  ofRows: (input) => input,
}

it('refuses a mask that holds every feature, and one that moves all of several', () => {
  expect(() => affineCoupling([1, 1], unused, 2)).toThrow(ShapeError)
  expect(() => affineCoupling([0, 0], unused, 2)).toThrow(ShapeError)
})

it('takes a mask that moves the only feature there is', () => {
  expect(() => affineCoupling([0], unused, 2)).not.toThrow()
})
