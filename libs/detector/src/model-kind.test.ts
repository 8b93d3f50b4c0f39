import type { Feature } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { decodeModel } from './artefact.js'
import { readerOf, seededDraws } from './test-draws.js'
import { fitSmall } from './test-training.js'

const features: readonly Feature[] = [
  { path: '$.group', type: 'categorical', optional: false },
  { path: '$.x', type: 'numeric', optional: false },
  { path: '$.y', type: 'numeric', optional: false },
]

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
