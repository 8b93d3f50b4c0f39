import { makeTerminal } from '@outflow/terminal'
import { expect, it, vi } from 'vitest'
import { rescoreRange } from './rescore.js'

vi.mock('@outflow/detector', async (original) => ({
  ...(await original<object>()),
  withDetector: (_: unknown, use: (detector: object) => unknown) => use({ metadata: { provisional: true } }),
}))
vi.mock('@outflow/store/models', () => ({ activeModelId: async () => '3f2a', loadModel: async () => ({}) }))
vi.mock('../store-access.js', () => ({
  withPipeline: (_: object, use: Use) => use({}, { retention: { anomalies: 1e9 }, alerts: { provisional: false } }),
}))
type Use = (pool: object, config: object) => Promise<unknown>

it('sends no alerts of a provisional model against the configuration (it sent them)', async () => {
  const options = { config: 'outflow.yaml', from: new Date(Date.now() - 60_000), limit: 1, sendAlerts: true } as const
  await expect(rescoreRange(options, makeTerminal(process), new AbortController().signal)).rejects.toThrow(
    'model 3f2a is provisional, and alerts.provisional is false: set it to true, or name another model with --model',
  )
})
