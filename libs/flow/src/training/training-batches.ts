import type { FlowSpec } from '../flows/flow-state.js'
import { type Random, seededRandom } from '../random.js'
import { NO_CONTEXT } from '../tensor/rows.js'
import type { FitSettings, TrainingRows } from './fit-options.js'
import type { Batch } from './trainable-flow.js'

/** The rows of a fit, split once into training and held-out rows. */
export type TrainingBatches = ReturnType<typeof trainingBatches>

/** A tenth of the rows is held out to choose the snapshot, at most 2,000. */
const HELD_OUT_SHARE = 0.1
const MOST_HELD_OUT = 2_000

export function trainingBatches(data: TrainingRows, settings: FitSettings) {
  const { spec, seed } = settings
  const count = data.rows.length / spec.dim
  const heldOut = Math.max(1, Math.min(MOST_HELD_OUT, Math.round(count * HELD_OUT_SHARE)))
  const order = seededRandom(seed, 'parting').permutation(count)
  const training = order.subarray(heldOut)
  const shuffle = seededRandom(seed, 'batches')
  const noise = seededRandom(seed, 'noise')
  let pass = shuffle.permutation(training.length)
  let at = 0

  const nextIndices = (size: number) =>
    Uint32Array.from({ length: size }, () => {
      if (at === pass.length) {
        pass = shuffle.permutation(training.length)
        at = 0
      }
      return training[pass[at++]!]!
    })
  return {
    trainingRows: training.length,
    /** The next rows of a shuffled pass, with new noise. A batch may span two passes. */
    next: (batchSize: number) =>
      gather(data, spec, nextIndices(Math.min(batchSize, training.length)), noisedBy(settings, noise)),
    /** Noised training rows to initialise from, at most `most`. */
    first: (most: number) =>
      gather(data, spec, training.subarray(0, most), noisedBy(settings, seededRandom(seed, 'first'))),
    /** The same without noise. */
    plain: (most: number) => {
      const random = seededRandom(seed, 'plain')
      return gather(data, spec, training.subarray(0, most), (value, _column, isObserved) =>
        isObserved ? value : random.normal(),
      )
    },
    /** The held-out rows as at scoring: no noise, 0 if a number is missing. */
    validation: gather(data, spec, order.subarray(0, heldOut), (value, _column, isObserved) =>
      isObserved ? value : 0,
    ),
  }
}

/** Transforms a number when it is put in a batch. */
type Transform = (value: number, column: number, isObserved: boolean) => number

/** A missing number is a standard normal draw, so that its likelihood contains no information. */
const noisedBy =
  ({ noise }: FitSettings, random: Random): Transform =>
  (value, column, isObserved) =>
    isObserved ? value + noise[column]! * random.normal() : random.normal()

function gather(data: TrainingRows, { dim, contextDim }: FlowSpec, indices: Uint32Array, transform: Transform): Batch {
  const { observed, context: contexts = NO_CONTEXT } = data
  const rows = new Float32Array(indices.length * dim)
  const context = new Float32Array(indices.length * contextDim)
  indices.forEach((index, row) => {
    for (let column = 0; column < dim; column++) {
      const from = index * dim + column
      rows[row * dim + column] = transform(data.rows[from]!, column, observed === undefined || observed[from] === 1)
    }
    context.set(contexts.subarray(index * contextDim, (index + 1) * contextDim), row * contextDim)
  })
  return { rows, context }
}
