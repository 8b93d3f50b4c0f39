import type { Tensor } from '@tensorflow/tfjs-core'
import type { Random } from '../../random.js'
import { sizeOf, tensorOf } from '../../tensor/plain.js'

/** Draws which hidden units a run does without: a tensor of such a shape, 0 where one is left out, 1 / (1 − share) where it stays. */
export type Dropout = (shape: readonly number[]) => Tensor

/**
 * Has each row do without some hidden units, others at each step, so that none of them can learn a single row by heart. What is left
 * is scaled up, so that sums stay as they were in the mean, and nothing is left out where a flow is used.
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

/** Drawn once, and each mask read from a place that is drawn: to draw them all anew would take a quarter of a step. */
const MASKS = 32

let open: Dropout | undefined

/** Runs something whose hidden units are dropped; without a dropout, just runs it. */
export function dropping<Result>(given: Dropout | undefined, run: () => Result): Result {
  open = given
  try {
    return run()
  } finally {
    open = undefined
  }
}

/** The mask of hidden units in the run that is open, if any are dropped in it. */
export function maskOfUnits(shape: readonly number[]): Tensor | undefined {
  return open?.(shape)
}
