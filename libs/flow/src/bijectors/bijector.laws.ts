import { memory, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Random, seededRandom } from '../random.js'
import type { Rows } from '../tensor/rows.js'
import { record } from '../tensor/tape.js'
import type { Bijector } from './bijector.js'
import { factorised } from './plu.js'

/** Makes one bijector with random weights, for rows of dim columns and contexts of contextDim; runs inside a tidy. */
type AnyBijector = (dim: number, contextDim: number, random: Random) => Bijector

/** Requirements of a bijector on its input. */
interface Requirements {
  /** Default 0. */
  readonly leastContextDim?: number
  /** Maps any number into its domain. Default: all numbers. */
  readonly domain?: (number: number) => number
}

/** Defines the tests of the laws of bijectors, over generated shapes, rows and weights. */
export function checkBijectorLaws(make: AnyBijector, requirements: Requirements = {}): void {
  const { leastContextDim = 0, domain = (number) => number } = requirements
  const overCases = (check: (each: Case) => void) =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: leastContextDim, max: 3 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer(),
        (dim, contextDim, count, seed) => {
          const random = seededRandom(seed, 'laws')
          const normals = (width: number): Rows => ({
            values: Float64Array.from({ length: count * width }, () => Math.fround(random.normal())),
            count,
            width,
          })
          const inside = normals(dim)
          const x = { ...inside, values: inside.values.map((number) => Math.fround(domain(number))) }
          const context = contextDim > 0 ? normals(contextDim) : undefined
          tidy(() => check({ bijector: make(dim, contextDim, random), x, context }))
        },
      ),
      { numRuns: 25, seed: 20 },
    )

  it('keeps the shape of rows and returns one log-det per row', () => {
    overCases((each) => {
      const { value, logDet } = forwardOf(each)
      expect(value.values.length).toBe(each.x.values.length)
      expect(logDet.length).toBe(each.x.count)
    })
  })

  it('computes the same in float64 as on tensors', () => {
    overCases((each) => {
      const coarse = forwardOf(each)
      const exact = each.bijector.forwardRows(each.x, each.context)
      expect(largestDifference(coarse.value.values, exact.value.values)).toBeLessThan(FLOAT32_TOLERANCE)
      expect(largestDifference(coarse.logDet, exact.logDet)).toBeLessThan(FLOAT32_TOLERANCE)
    })
  })

  it('restores the rows by its inverse', () => {
    overCases((each) => {
      const { value } = each.bijector.forwardRows(each.x, each.context)
      const back = each.bijector.inverseAndLogDet(value, each.context).value
      expect(largestDifference(back.values, each.x.values)).toBeLessThan(FLOAT64_TOLERANCE)
    })
  })

  it('has an inverse with the negated log-det', () => {
    overCases(({ bijector, x, context }) => {
      const { value, logDet } = bijector.forwardRows(x, context)
      const back = bijector.inverseAndLogDet(value, context).logDet.map((nats) => -nats)
      expect(largestDifference(back, logDet)).toBeLessThan(FLOAT64_TOLERANCE)
    })
  })

  it('has the log-det of its numeric Jacobian, in both directions', () => {
    overCases(({ bijector, x, context }) => {
      for (const direction of ['forwardRows', 'inverseAndLogDet'] as const) {
        const { logDet } = bijector[direction](x, context)
        const numeric = numericLogDet((rows) => bijector[direction](rows, context).value, x)
        expect(largestDifference(logDet, numeric)).toBeLessThan(NUMERIC_TOLERANCE)
      }
    })
  })

  it('has the numeric gradient of its rows and log-dets', () => {
    overCases(({ bijector, x, context }) => {
      // An arbitrary linear function of the outputs: sin(index + 1) for the rows, 0.7 for the log-dets.
      const pull = x.values.map((_, at) => Math.sin(at + 1))
      const at = tensorOf(x)
      const { result, pullBack } = record(() => bijector.forwardAndLogDet(at, context && tensorOf(context)))
      const pulls = [
        [result.value, Float32Array.from(pull)],
        [result.logDet, new Float32Array(x.count).fill(0.7)],
      ] as const
      const [slopes] = pullBack(pulls, [at])
      const pulledRows = (column: number, by: number) => {
        const moved = x.values.map((value, at) => (at % x.width === column ? value + by : value))
        const { value, logDet } = bijector.forwardRows({ ...x, values: moved }, context)
        return logDet.map((nats, row) => {
          const own = value.values.subarray(row * x.width, (row + 1) * x.width)
          return own.reduce((total, z, at) => total + z * pull[row * x.width + at]!, 0.7 * nats)
        })
      }
      const numeric = new Float64Array(x.values.length)
      for (let column = 0; column < x.width; column++) {
        const [above, below] = [pulledRows(column, STEP), pulledRows(column, -STEP)]
        above.forEach((value, row) => {
          numeric[row * x.width + column] = (value - below[row]!) / (2 * STEP)
        })
      }
      expect(largestDifference(Float64Array.from(slopes!), numeric)).toBeLessThan(GRADIENT_TOLERANCE)
    })
  })

  it('frees every intermediate tensor', () => {
    overCases((each) => {
      const before = memory().numTensors
      forwardOf(each)
      each.bijector.inverseAndLogDet(each.x, each.context)
      expect(memory().numTensors).toBe(before)
    })
  })
}

interface Case {
  readonly bijector: Bijector
  readonly x: Rows
  readonly context: Rows | undefined
}

function tensorOf({ values, count, width }: Rows): Tensor2D {
  return tensor2d(Float32Array.from(values), [count, width])
}

function forwardOf({ bijector, x, context }: Case): { value: Rows; logDet: Float64Array } {
  let outcome: { value: Rows; logDet: Float64Array } | undefined
  tidy(() => {
    const given = context === undefined ? undefined : tensorOf(context)
    const { value, logDet } = bijector.forwardAndLogDet(tensorOf(x), given)
    const values = Float64Array.from(value.dataSync())
    outcome = { value: { ...x, values }, logDet: Float64Array.from(logDet.dataSync()) }
  })
  return outcome!
}

/** log|det| of each row's Jacobian by central differences, [count]. */
function numericLogDet(map: (rows: Rows) => Rows, at: Rows): Float64Array {
  const { count, width } = at
  const moved = (column: number, by: number) =>
    map({ ...at, values: at.values.map((value, index) => (index % width === column ? value + by : value)) }).values
  const slopes = Array.from({ length: width }, (_, column) => {
    const [above, below] = [moved(column, STEP), moved(column, -STEP)]
    return above.map((value, index) => (value - below[index]!) / (2 * STEP))
  })
  return Float64Array.from({ length: count }, (_, row) => {
    const jacobian = slopes.flatMap((column) => [...column.subarray(row * width, (row + 1) * width)])
    const { factors } = factorised(Float64Array.from(jacobian), width)
    return factors.reduce((total, log, at) => (at % (width + 1) === 0 ? total + log : total), 0)
  })
}

function largestDifference(ours: Float64Array, theirs: Float64Array): number {
  return ours.reduce((worst, value, at) => {
    const difference = Math.abs(value - theirs[at]!) / Math.max(1, Math.abs(theirs[at]!))
    return Math.max(difference, worst)
  }, 0)
}

// float32 has 7 digits and float64 16; a few layers of exp(s) lose two, central differences half of them.
const FLOAT32_TOLERANCE = 1e-4
const FLOAT64_TOLERANCE = 1e-9
const NUMERIC_TOLERANCE = 1e-6
// The gradient of a chain is a product of a dozen float32 numbers.
const GRADIENT_TOLERANCE = 1e-3
const STEP = 1e-6
