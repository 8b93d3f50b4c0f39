import { makeTerminal } from '@outflow/terminal'
import { expect, it, onTestFinished, vi } from 'vitest'
import { exportAnomalies } from './export.js'

vi.mock('@outflow/store/anomalies', () => ({ eachAnomaly: vi.fn() }))
vi.mock('../store-access.js', () => ({
  withPipeline: (_options: object, use: Use) => use({}, { pipeline: 'flights' }),
}))
type Use = (pool: object, config: object) => Promise<unknown>

it('draws no bar over rows that are printed on a terminal (it hid some)', async () => {
  const isTTY = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY')
  onTestFinished(() => void Object.defineProperty(process.stdout, 'isTTY', isTTY ?? { value: undefined }))
  Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true })
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  onTestFinished(() => stdout.mockRestore())
  const progress = vi.fn(() => ({ update: () => {}, stop: () => {} }))
  const terminal = { ...makeTerminal(process), progress, say: () => {} }
  const options = { config: 'outflow.yaml', from: new Date(0), format: 'csv' } as const
  await exportAnomalies({ ...options, output: '-' }, terminal, new AbortController().signal)
  expect(progress).not.toHaveBeenCalled()
  await exportAnomalies({ ...options, output: '/dev/null' }, terminal, new AbortController().signal)
  expect(progress).toHaveBeenCalledOnce()
})
