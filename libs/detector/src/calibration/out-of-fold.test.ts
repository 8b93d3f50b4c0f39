import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { seededDraws } from '../test-draws.js'
import { calibrationSteps, pValues } from './conformal.js'
import { foldsOf, outOfFoldNlls } from './out-of-fold.js'
import { fitParetoTail } from './pareto-tail.js'

const { uniform, normal } = seededDraws(7)

const COLUMNS = 6
const aRecord = (draw: () => number): Fields => ({ numbers: Array.from({ length: COLUMNS }, draw), categories: [] })

/** A Gaussian with mean and variance per column estimated from the records: a model that overfits few of them. */
function gaussianOf(records: readonly Fields[]) {
  const columns = Array.from({ length: COLUMNS }, (_, column) => {
    const values = records.map(({ numbers }) => numbers[column]!)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }
  })
  const nllOf = ({ numbers }: Fields) =>
    columns.reduce(
      (sum, { mean, variance }, at) => sum + (numbers[at]! - mean) ** 2 / (2 * variance) + Math.log(variance) / 2,
      0,
    )
  return async (batch: readonly Fields[]) => Float64Array.from(batch, nllOf)
}

it('every record is scored once, by the model of the other folds', async () => {
  const records = Array.from({ length: 203 }, (_, index) => ({ numbers: [index], categories: [] }))
  const folds = foldsOf(records, 1)
  expect(folds.map(({ others }) => others.length)).toEqual([162, 162, 162, 163, 163])
  for (const { own, others } of folds) expect(new Set([...own, ...others]).size).toBe(203)
  const numberOf = async (batch: readonly Fields[]) => Float64Array.from(batch, ({ numbers }) => numbers[0]!)
  const nlls = await outOfFoldNlls(
    folds,
    folds.map(() => numberOf),
  )
  expect([...nlls].toSorted((a, b) => a - b)).toEqual([...records.keys()])
})

it.each([
  { name: 'Gaussian', draw: normal, most: 1 },
  // Student's t with four degrees of freedom.
  {
    name: 'of heavy tails',
    draw: () => normal() / Math.sqrt(-Math.log((1 - uniform()) * (1 - uniform())) / 2),
    most: 1.5,
  },
  { name: 'uniform', draw: uniform, most: 1 },
])('of 200 exchangeable records the p-values of new ones are not too small: $name', async ({ draw, most }) => {
  const [sets, fresh] = [150, 400]
  const found = new Map([0.2, 0.05, 0.01, 0.001].map((alpha) => [alpha, 0]))
  for (let set = 0; set < sets; set++) {
    const records = Array.from({ length: 200 }, () => aRecord(draw))
    const folds = foldsOf(records, set)
    const scorers = folds.map(({ others }) => gaussianOf(others))
    const nlls = (await outOfFoldNlls(folds, scorers)).sort()
    const calibration = { ...calibrationSteps(nlls), tail: fitParetoTail(nlls) }
    const model = gaussianOf(records)
    const nll = await model(Array.from({ length: fresh }, () => aRecord(draw)))
    for (const p of pValues(calibration, nll))
      for (const [alpha, count] of found) if (p <= alpha) found.set(alpha, count + 1)
  }
  for (const [alpha, count] of found) expect(count / (sets * fresh), `at ${alpha}`).toBeLessThan(most * alpha)
})

it('a fold may have more records than a call can have arguments', async () => {
  const nll = await outOfFoldNlls([{ own: [], others: [] }], [async () => new Float64Array(200_000)])
  expect(nll).toHaveLength(200_000)
})
