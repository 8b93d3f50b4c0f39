import { once } from 'node:events'
import { expect, it, onTestFinished, vi } from 'vitest'
import { runTogether } from './run-together.js'

it('drains the others when one fails, then throws its error', async () => {
  const drained: string[] = []
  const draining = async (signal: AbortSignal): Promise<void> => {
    await once(signal, 'abort')
    drained.push('other')
  }
  const failing = async (): Promise<void> => {
    throw new Error('no broker')
  }
  await expect(runTogether([draining, failing], new AbortController().signal)).rejects.toThrow('no broker')
  expect(drained).toEqual(['other'])
})

it('ends when the signal aborts and all have drained', async () => {
  const abort = new AbortController()
  const ends = runTogether([async (signal) => void (await once(signal, 'abort'))], abort.signal)
  abort.abort()
  await expect(ends).resolves.toBeUndefined()
})

it('prints no warning when many runs listen to the signal', async () => {
  const warned = vi.fn()
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const listening = async (signal: AbortSignal): Promise<void> => signal.addEventListener('abort', () => {})
  await runTogether(Array(12).fill(listening), new AbortController().signal)
  await new Promise(setImmediate)
  expect(warned).not.toHaveBeenCalled()
})
