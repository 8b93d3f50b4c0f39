import { type ChildProcess, fork } from 'node:child_process'
import { expect, it, vi } from 'vitest'
import { realNvpSpec } from '../flows/flow-state.js'
import { fitFlow } from './fit.js'

vi.mock('node:child_process', async (actual) => {
  const { fork, ...others } = await actual<typeof import('node:child_process')>()
  return { ...others, fork: vi.fn(fork) }
})

it('has ended its process when it resolves (outflow train ended before it, and bench:flow missed its CPU time)', async () => {
  const rows = Float32Array.from({ length: 80 }, (_, at) => Math.sin(at))
  await fitFlow({ rows }, { spec: realNvpSpec(2), maxSteps: 0, backend: 'wasm' })
  const child: ChildProcess = vi.mocked(fork).mock.results[0]!.value
  expect(child.exitCode).toBe(0)
}, 60_000)
