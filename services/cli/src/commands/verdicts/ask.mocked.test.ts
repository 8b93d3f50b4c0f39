import { Readable } from 'node:stream'
import { makeTerminal } from '@outflow/terminal'
import { expect, it, vi } from 'vitest'
import { ask } from './ask.js'

const records = Array.from({ length: 10 }, (_, rank) => ({
  ...{ id: `p/t/0/${rank}`, rank, nll: 9, recordTime: new Date(0), record: {}, verdict: null },
}))
vi.mock('@outflow/store/models', () => ({
  calibrationToLabel: async () => ({ activeId: '3f2a', rows: 100, alertRate: 0.01, records }),
}))
vi.mock('./store-verdict.js', () => ({ storeVerdict: async () => ({ verdict: 'confirmed' }) }))
vi.mock('../../store-access.js', () => ({
  withPipeline: (_: object, use: (pool: object, config: object) => Promise<void>) =>
    use({}, { pipeline: 'p', training: { contamination: 0.01 } }),
}))

it('proposes no contamination by a group with skipped records (one answer stood for all ten)', async () => {
  const terminal = { ...makeTerminal(process), say: vi.fn(), result: vi.fn() }
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from(`c\n${'s\n'.repeat(9)}`) as typeof process.stdin)
  await ask({ config: 'outflow.yaml', limit: 10 }, terminal, new AbortController().signal)
  expect(terminal.result.mock.calls.flat()).toEqual([
    expect.stringMatching(/^1 calibration record labelled, 1 confirmed/),
  ])
})
