import { h, options, render } from 'preact'
import { afterEach, expect, it, vi } from 'vitest'
import { useResource } from './resource.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('shows an answer that takes longer than the interval of reading again (each tick aborted it)', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('document', { hidden: false })
  options.debounceRendering = (update) => void setTimeout(update, 0)
  const load = vi.fn(() => new Promise<string>((resolve) => setTimeout(() => resolve('answer'), 250)))
  let shown: string | null = null
  const Probe = () => {
    shown = useResource('key', load, 100).data
    return null
  }
  const parent = { childNodes: [], firstChild: null } as unknown as Element

  render(h(Probe, {}), parent)
  await vi.advanceTimersByTimeAsync(350)
  expect(shown).toBe('answer')
  await vi.advanceTimersByTimeAsync(100)
  expect(load).toHaveBeenCalledTimes(2)
  render(null, parent)
})
