import { expect, it } from 'vitest'
import { waitFor } from './wait-for.js'

it('polls until the function returns a value', async () => {
  const { signal } = new AbortController()
  let polls = 0
  expect(await waitFor(() => (++polls < 3 ? null : 'found'), { everyMs: 1, signal })).toBe('found')
  expect(polls).toBe(3)
})

it('throws the reason of the signal, also in the middle of a pause', async () => {
  const abort = new AbortController()
  const waiting = waitFor(() => null, { everyMs: 60_000, signal: abort.signal })
  abort.abort(new Error('ended by SIGINT'))
  await expect(waiting).rejects.toThrow('ended by SIGINT')
})
