import { once } from 'node:events'
import { expect, it } from 'vitest'
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
