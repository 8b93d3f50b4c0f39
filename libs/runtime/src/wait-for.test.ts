import { expect, it } from 'vitest'
import { waitFor } from './wait-for.js'

it('looks until something is found', async () => {
  const { signal } = new AbortController()
  let looks = 0
  expect(await waitFor(() => (++looks < 3 ? null : 'found'), { everyMs: 1, signal })).toBe('found')
  expect(looks).toBe(3)
})

it('throws the reason of the signal, also in the middle of a pause', async () => {
  const abort = new AbortController()
  const waiting = waitFor(() => null, { everyMs: 60_000, signal: abort.signal })
  abort.abort(new Error('ended by SIGINT'))
  await expect(waiting).rejects.toThrow('ended by SIGINT')
})
