import { expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../main.js'

vi.mock('@outflow/store/models', async (original) => ({
  ...(await original<object>()),
  loadModel: async () => ({ id: '05ea', artefact: Buffer.from('the model') }),
}))
vi.mock('../store-access.js', () => ({
  withPipeline: (_: object, use: (pool: object, config: object) => unknown) => use({}, { pipeline: 'p' }),
  modelBeginning: async () => ({ id: '05ea' }),
}))

it('export to stdout prints nothing else (it printed "-: model 05ea")', async () => {
  const [stdout, stderr] = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockReturnValue(true),
  )
  onTestFinished(() => void vi.restoreAllMocks())
  expect(await main(['node', 'outflow', 'models', 'export', '05', '--output', '-'])).toBe(0)
  expect(stdout!.mock.calls.join('')).toBe('the model')
  expect(stderr!.mock.calls).toEqual([])
})
