import type { Feature } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { readerOf, seededDraws } from './test-draws.js'
import { fitSmall } from './test-training.js'
import { withDetector } from './with-detector.js'

const features: Feature[] = ['$.x', '$.y'].map((path) => ({ path, type: 'numeric', optional: false }))
const read = readerOf(features)
const { uniform } = seededDraws(1)

/** Fields around a point; the deviation from it is uniform. */
function drawn(count: number, centre: number, deviation: number): Fields[] {
  const near = () => centre + deviation * (2 * uniform() - 1)
  return Array.from({ length: count }, () => read({ x: near(), y: near() }))
}

/** Mean NLL of records of a rare cluster that is 4 % of the training window. */
async function nllOfRareCluster(contamination: number): Promise<number> {
  const records = [...drawn(480, 0, 2), ...drawn(20, 12, 0.5)]
  const { artefact } = await fitSmall(features, records, { training: { contamination, seed: 1 }, maxSteps: 0 })
  return withDetector(artefact, async (detector) => {
    const { nll } = await detector.score(drawn(50, 12, 0.5))
    return nll.reduce((sum, own) => sum + own, 0) / nll.length
  })
}

it('learns a rare cluster of numbers as normal only if training.contamination is 0', async () => {
  expect(await nllOfRareCluster(0)).toBeLessThan((await nllOfRareCluster(0.01)) - 5)
}, 120_000)
