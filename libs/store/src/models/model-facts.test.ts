import type { Feature, ModelMetadata } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { differingFacts } from './model-facts.js'

it('has a fact for each feature that only one model has, or that has other settings', () => {
  const delay: Feature = { path: '$.delay', type: 'numeric', optional: false }
  const origin: Feature = { path: '$.origin', type: 'categorical', optional: false }
  const summary = (features: Feature[]) => ({
    ...{ state: 'retired' as const, parentId: null, artefactBytes: 9 },
    metadata: { features } as ModelMetadata,
    metrics: { gain: { mean: null }, anomalyShare: 0.01 } as Parameters<typeof differingFacts>[0]['metrics'],
  })
  const wide = Array.from({ length: 50 }, (_, i): Feature => ({ ...delay, path: `$.same${i}` }))
  const [a, b] = [summary([...wide, delay]), summary([...wide, { ...delay, scale: 'log' }, origin])]

  expect(differingFacts(a, b)).toEqual({
    'feature delay': ['numeric, path $.delay, optional false', 'numeric, path $.delay, optional false, scale log'],
    'feature origin': [null, 'categorical, path $.origin, optional false'],
  })
})
