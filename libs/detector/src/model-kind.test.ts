import type { Feature } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { decodeModel } from './artefact.js'
import { openDetector } from './detector.js'
import { readerOf, seededDraws } from './test-draws.js'
import { fitSmall } from './test-training.js'

const features: readonly Feature[] = [
  { path: '$.group', type: 'categorical', optional: false },
  { path: '$.x', type: 'numeric', optional: false },
  { path: '$.y', type: 'numeric', optional: false },
]

/** y follows x; the group determines the position of x. */
function makeRecords(count: number): Fields[] {
  const { uniform } = seededDraws(1)
  const read = readerOf(features)
  return Array.from({ length: count }, () => {
    const isFar = uniform() < 0.5
    const x = (isFar ? 10 : 0) + uniform()
    return read({ group: isFar ? 'far' : 'near', x, y: x + 0.1 * uniform() })
  })
}

it.each(['glow', 'spline'] as const)(
  'is trained, stored and opened, and finds odd records, with a flow of the kind %s',
  async (kind) => {
    const model = { kind, layers: 2, hidden: [16] }
    const { artefact, metadata } = await fitSmall(features, makeRecords(1000), { model, maxSteps: 300 })
    expect(metadata.model.kind).toBe(kind)
    const detector = await openDetector(artefact)
    expect(detector.metadata.model.kind).toBe(kind)
    const odd = readerOf(features)({ group: 'far', x: 0.5, y: 10.5 })
    const { pValue } = await detector.score([odd])
    expect(pValue[0]).toBeLessThan(0.02)
    expect(await detector.sample(5, 1)).toHaveLength(5)
    await detector.close()
  },
  60_000,
)

it.each([
  ['numbers', features.slice(1), [32, 32]],
  ['numbers and a category', features, [64, 64]],
] as const)('a flow of %s has conditioners of the width that suits them', async (_, ofTable, hidden) => {
  const read = readerOf(ofTable)
  const { uniform } = seededDraws(2)
  const records = Array.from({ length: 60 }, () => read({ group: 'near', x: uniform(), y: uniform() }))
  const model = { kind: 'realnvp', layers: 2 } as const
  const { artefact, metadata } = await fitSmall(ofTable, records, { model, maxSteps: 1 })
  expect(metadata.model.hidden).toEqual(hidden)
  expect(decodeModel(artefact).flow?.spec.hidden).toEqual(hidden)
})
