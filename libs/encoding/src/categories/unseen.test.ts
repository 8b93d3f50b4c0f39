import type { Feature } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { expect, test } from 'vitest'
import { fitEncoder } from '../fit-encoder.js'
import { unseenCategories } from './unseen.js'

const features: Feature[] = [
  { path: '$.kind', type: 'categorical', optional: true },
  { path: '$.load', type: 'numeric', optional: false },
  { path: '$.region', name: 'where', type: 'categorical', optional: true },
]
const record = (kind: string | null, region: string | null): Fields => ({ numbers: [1], categories: [kind, region] })

test('returns the categories whose value training did not see, without missing ones', async () => {
  const known = Array.from({ length: 60 }, (_, at) => ({
    ...record(at % 2 ? 'read' : 'write', at % 3 ? 'eu' : 'us'),
    numbers: [Math.sin(at)],
  }))
  const { encoder } = await fitEncoder(features, known, { contamination: 0, seed: 1 })
  expect(unseenCategories(encoder, record('read', 'us'))).toEqual([])
  expect(unseenCategories(encoder, record(null, 'eu'))).toEqual([])
  expect(unseenCategories(encoder, record('purge', 'mars'))).toEqual([
    { k: 0, field: 'kind', value: 'purge' },
    { k: 1, field: 'where', value: 'mars' },
  ])
})
