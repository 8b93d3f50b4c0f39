import type { Tensor } from '@tensorflow/tfjs-core'
import type { Random } from '../../random.js'
import { sizeOf, tensorOf } from '../../tensor/plain.js'

/** Draws a dropout mask of a given shape: 0 for a dropped unit, 1 / (1 − share) for the others. */
export type Dropout = (shape: readonly number[]) => Tensor

/**
 * Dropout: sets random hidden units of each row to zero in training, which limits memorising of single rows. The others are scaled
 * up so that sums keep their mean. Not applied at scoring.
 *
 * @param share  of the units, from 0 to below 1
 * @see Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting, JMLR 15
 */
export function dropout(share: number, random: Random): Dropout {
  const kept = 1 / (1 - share)
  let drawn = new Float32Array(0)
  return (shape) => {
    const size = sizeOf(shape)
    if (drawn.length < MASKS * size) {
      drawn = Float32Array.from({ length: MASKS * size }, () => (random.uniform() < share ? 0 : kept))
    }
    const from = random.below(drawn.length - size)
    return tensorOf({ values: drawn.subarray(from, from + size), shape })
  }
}

/** Masks are read at random offsets of an array drawn once, this many masks long: drawing every mask would take a quarter of a step. */
const MASKS = 32

let open: Dropout | undefined

/** Runs a function with dropout, if one is given. */
export function dropping<Result>(given: Dropout | undefined, run: () => Result): Result {
  open = given
  try {
    return run()
  } finally {
    open = undefined
  }
}

/** The dropout mask of the current run, if it has dropout. */
export function maskOfUnits(shape: readonly number[]): Tensor | undefined {
  return open?.(shape)
}
