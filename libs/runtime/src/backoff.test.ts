import { OutflowError } from '@outflow/errors'
import { expect, test, vi } from 'vitest'
import { backoffMs, keepTrying, pause, retrying } from './backoff.js'

class Away extends OutflowError {
  readonly code = 'OUTFLOW_UNEXPECTED'
  override readonly retryable = true
}

const never = new AbortController().signal

test('waits double up to the longest, and half of each is chance', () => {
  const lowest = [1, 2, 3, 4].map((attempt) => backoffMs(attempt, { firstMs: 100, maxMs: 400, random: () => 0 }))
  const highest = [1, 2, 3, 4].map((attempt) =>
    backoffMs(attempt, { firstMs: 100, maxMs: 400, random: () => 0.999_999 }),
  )
  expect(lowest).toEqual([50, 100, 200, 200])
  expect(highest).toEqual([100, 200, 400, 400])
})

test('the wait stays finite after thousands of attempts', () => {
  expect(backoffMs(5_000)).toBeLessThanOrEqual(5_000)
})

test('what is retryable is repeated until it succeeds', async () => {
  const act = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new Away('1'))
    .mockRejectedValueOnce(new Away('2'))
    .mockResolvedValue('done')
  const onRetry = vi.fn()
  expect(await retrying(act, { signal: never, firstMs: 1, onRetry })).toBe('done')
  expect(onRetry.mock.calls.map(([error, attempt]) => [(error as Error).message, attempt])).toEqual([
    ['1', 1],
    ['2', 2],
  ])
})

test('what is not retryable is thrown at once', async () => {
  const act = vi.fn<() => Promise<never>>().mockRejectedValue(new TypeError('broken'))
  await expect(retrying(act, { signal: never })).rejects.toThrow('broken')
  expect(act).toHaveBeenCalledTimes(1)
})

test('an abort ends the wait, with the last error', async () => {
  const abort = new AbortController()
  const trying = retrying(() => Promise.reject(new Away('still away')), {
    signal: abort.signal,
    firstMs: 60_000,
    onRetry: () => abort.abort(),
  })
  await expect(trying).rejects.toThrow('still away')
})

test('a long task is run again after any error until the signal aborts, and progress makes the next wait a short one', async () => {
  const abort = new AbortController()
  const errors = [new TypeError('1'), new Away('2'), new Away('3')]
  const act = async (progressed: () => void) => {
    const error = errors.shift()
    if (error === undefined) return abort.abort()
    if (error.message === '3') progressed()
    throw error
  }
  const onRetry = vi.fn()
  await keepTrying(act, { signal: abort.signal, onRetry, backoffOf: () => ({ firstMs: 1 }) })
  expect(onRetry.mock.calls.map(([error, attempt]) => [(error as Error).message, attempt])).toEqual([
    ['1', 1],
    ['2', 2],
    ['3', 1],
  ])
})

test('a pause ends early when the signal aborts, without an error', async () => {
  await pause(60_000, AbortSignal.abort())
})
