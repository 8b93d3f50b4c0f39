import { expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../main.js'

const AT = '2026-01-05T07:00:00Z'
vi.mock('../files/model-file.js', () => ({ withModelFile: (_path: string, use: Use) => use(detector) }))
type Use = (model: object) => Promise<unknown>
const detector = {
  metadata: { features: (['day', 'week'] as const).map((period) => ({ type: 'cyclic', path: '$.at', period })) },
  sample: async () => [{ at: AT }],
}

it('writes a column for each path (a day and a week of one time were two columns)', async () => {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  onTestFinished(() => stdout.mockRestore())
  expect(await main(['node', 'outflow', 'sample', '--model', 'm', '--rows', '1', '--output', '-'])).toBe(0)
  expect(stdout.mock.calls.join('')).toBe(`at\n${AT}\n`)
})
