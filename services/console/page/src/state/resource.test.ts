import { h, options, render } from 'preact'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Resource, useRead, useResource } from './resource.js'

const parent = { childNodes: [], firstChild: null } as unknown as Element

afterEach(() => {
  render(null, parent)
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', { hidden: false })
  options.debounceRendering = (update) => void setTimeout(update, 0)
})

it('shows an answer that takes longer than the interval of reading again (each tick aborted it)', async () => {
  const load = vi.fn(() => new Promise<string>((resolve) => setTimeout(() => resolve('answer'), 250)))
  let shown: string | null = null
  const Probe = () => {
    shown = useResource('key', load, 100).data
    return null
  }

  render(h(Probe, {}), parent)
  await vi.advanceTimersByTimeAsync(350)
  expect(shown).toBe('answer')
  await vi.advanceTimersByTimeAsync(100)
  expect(load).toHaveBeenCalledTimes(2)
})

it('reads again after the time of Retry-After, until there is an answer (the error remained)', async () => {
  const headers = { 'retry-after': '2' }
  const refused = () => Response.json({ title: 'Service Unavailable', detail: 'no answer' }, { status: 503, headers })
  const fetched = vi.fn(async () => (fetched.mock.calls.length < 3 ? refused() : Response.json('answer')))
  vi.stubGlobal('fetch', fetched)
  let shown: Resource<string> | null = null
  const Probe = () => {
    shown = useRead<string>('/models')
    return null
  }

  render(h(Probe, {}), parent)
  await vi.advanceTimersByTimeAsync(1_900)
  expect(shown).toMatchObject({ data: null, error: { detail: 'no answer', retryAfterMs: 2_000 } })
  expect(fetched).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(shown).toMatchObject({ data: 'answer', error: null })
  expect(fetched).toHaveBeenCalledTimes(3)
})

it.each(['Wed, 21 Oct 2026 07:28:00 GMT', '0', undefined])(
  'does not read again by a Retry-After of %s',
  async (time) => {
    const headers = time === undefined ? {} : { 'retry-after': time }
    const fetched = vi.fn(async () => Response.json({ title: 'Service Unavailable' }, { status: 503, headers }))
    vi.stubGlobal('fetch', fetched)
    const Probe = () => {
      useRead<string>('/models')
      return null
    }

    render(h(Probe, {}), parent)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetched).toHaveBeenCalledTimes(1)
  },
)
