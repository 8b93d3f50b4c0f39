import type { Feature } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeModel } from './artefact.js'
import { type Detector, openDetector } from './detector.js'
import { readerOf, seededDraws } from './test-draws.js'
import { fitSmall } from './test-training.js'

const COLUMNS = 10
const features: Feature[] = Array.from({ length: COLUMNS }, (_, column) => ({
  path: `$.c${column}`,
  type: 'numeric',
  optional: false,
}))
const read = readerOf(features)
const fieldsOf = (numbers: readonly number[]) =>
  read(Object.fromEntries(numbers.map((number, column) => [`c${column}`, number])))

/** Two clusters: in one, neighbouring columns are positively correlated, in the other negatively. */
function drawn(count: number, seed: number, slope: (cluster: number) => number) {
  const { normal } = seededDraws(seed)
  return Array.from({ length: count }, (_, row) => {
    const cluster = row % 2 === 0 ? 1 : -1
    const numbers: number[] = []
    for (let column = 0; column < COLUMNS; column += 2) {
      const [one, other] = [normal(), normal()]
      numbers.push(cluster + one, cluster + slope(cluster) * one + 0.4 * other)
    }
    return fieldsOf(numbers)
  })
}

let artefact: Uint8Array
let detector: Detector
beforeAll(async () => {
  const training = { contamination: 0.01, seed: 1 }
  artefact = (
    await fitSmall(
      features,
      drawn(500, 1, (cluster) => cluster),
      { training },
    )
  ).artefact
  detector = await openDetector(artefact)
}, 120_000)
afterAll(() => detector.close())

it('has a mixture of Gaussians as base if there are few records', () => {
  expect(decodeModel(artefact).flow!.spec.base).toMatchObject({ kind: 'mixture' })
})

it('finds most records of one cluster with the correlation of the other, and few normal records', async () => {
  const anomalyShare = async (records: readonly Fields[]) =>
    (await detector.score(records)).pValue.filter((p) => p <= 0.02).length / records.length
  expect(await anomalyShare(drawn(1000, 2, (cluster) => cluster))).toBeLessThan(0.06)
  expect(await anomalyShare(drawn(200, 3, (cluster) => -cluster))).toBeGreaterThan(0.5)
})
