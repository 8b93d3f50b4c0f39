import type { Feature } from '@outflow/contracts'
import { expect, test, vi } from 'vitest'
import { openDetector } from './detector.js'
import { openTableScorer } from './scoring/model-scorer.js'
import type { ScoringThread } from './scoring/threaded-scorer.js'
import { fitSmall } from './test-training.js'

vi.mock('./scoring/model-scorer.js', async (original) => {
  const { openTableScorer, ...others } = await original<typeof import('./scoring/model-scorer.js')>()
  return { ...others, openTableScorer: vi.fn(openTableScorer) }
})

const KIND: Feature = { path: '$.kind', type: 'categorical', optional: false }
const records = Array.from({ length: 100 }, (_, index) => ({ numbers: [], categories: [['a', 'b'][index % 2]!] }))

test.each(['here', 'in the thread'])('a model that does not open %s is closed in the other place', async (place) => {
  const { artefact } = await fitSmall([KIND], records)
  const close = vi.fn(async () => {})
  const opened = async () => ({ score: vi.fn(), scoreRoughly: vi.fn(), close })
  const broken = () => Promise.reject(new Error('out of memory'))
  vi.mocked(openTableScorer).mockImplementationOnce(place === 'here' ? broken : opened)
  const thread = { open: place === 'here' ? opened : broken } as Partial<ScoringThread> as ScoringThread
  await expect(openDetector(artefact, { thread })).rejects.toThrow('out of memory')
  expect(close).toHaveBeenCalledOnce()
})
