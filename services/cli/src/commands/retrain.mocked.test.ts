import { expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../main.js'

const fit = { id: '7', step: 0, maxSteps: 9, endedAt: null, state: 'running', report: { gate: null, error: null } }
const failed = { ...fit, endedAt: new Date(1), state: 'failed', report: { gate: null, error: { message: 'no field' } } }
vi.mock('@outflow/store/training', () => ({
  requestRetrain: async () => '1',
  trainerStatus: async () => null,
  noTrainerAndFix: () => null,
  fitOfRequest: vi.fn().mockResolvedValueOnce('7').mockResolvedValue(null),
  fitById: vi.fn().mockResolvedValueOnce(fit).mockResolvedValue(failed),
}))
vi.mock('../store-access.js', () => ({
  withPipeline: (_: object, use: (pool: object, config: object) => unknown) => use({}, { pipeline: 'p' }),
  whenAvailable: (read: () => unknown) => read(),
}))
vi.mock('@outflow/runtime', () => ({ waitFor: async (poll: () => unknown) => (await poll()) ?? (await poll()) }))

it('--wait ends with the error of a fit that failed, whose request is pending again (it waited for ever)', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  expect(await main(['node', 'outflow', 'retrain', '--wait'])).toBe(1)
  expect(stderr.mock.calls.join('')).toContain('failed: no field\n')
})
