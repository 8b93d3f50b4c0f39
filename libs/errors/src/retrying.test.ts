import { expect, onTestFinished, test, vi } from 'vitest'
import { OutflowError } from './outflow-error.js'
import { backoffMs, keepTrying, pause, retrying, untilAllAnswer } from './retrying.js'

class Unavailable extends OutflowError {
  readonly code: `OUTFLOW_${string}` = 'OUTFLOW_UNEXPECTED'
  override readonly retryable = true
}

const never = new AbortController().signal

interface Options {
  readonly signal: AbortSignal
  readonly onRetry: () => void
}

test('waits double up to the maximum, and half of each is random', () => {
  const random = vi.spyOn(Math, 'random')
  onTestFinished(() => random.mockRestore())
  const waits = (u: number) => {
    random.mockReturnValue(u)
    return [1, 2, 3, 4].map((attempt) => backoffMs(attempt, { firstMs: 100, maxMs: 400 }))
  }
  expect(waits(0)).toEqual([50, 100, 200, 200])
  expect(waits(0.999_999)).toEqual([100, 200, 400, 400])
})

test('the wait stays finite after thousands of attempts', () => {
  expect(backoffMs(5_000)).toBeLessThanOrEqual(5_000)
})

test('retries after retryable errors until the operation succeeds', async () => {
  const operation = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new Unavailable('1'))
    .mockRejectedValueOnce(new Unavailable('2'))
    .mockResolvedValue('done')
  const onRetry = vi.fn()
  expect(await retrying(operation, { signal: never, firstMs: 1, onRetry })).toBe('done')
  expect(onRetry.mock.calls.map(([error, attempt]) => [(error as Error).message, attempt])).toEqual([
    ['1', 1],
    ['2', 2],
  ])
})

test('throws an error that is not retryable at once', async () => {
  const operation = vi.fn<() => Promise<never>>().mockRejectedValue(new TypeError('broken'))
  await expect(retrying(operation, { signal: never })).rejects.toThrow('broken')
  expect(operation).toHaveBeenCalledTimes(1)
})

test('many waits on one signal print no warning (a service with 8 webhooks printed one into its log)', async () => {
  const warned = vi.fn()
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 12 }, () => pause(1, signal)))
  expect(warned).not.toHaveBeenCalled()
})

test('an abort ends the wait, with the last error and without another attempt', async () => {
  const abort = new AbortController()
  const operation = vi.fn(() => Promise.reject(new Unavailable('still down')))
  const trying = retrying(operation, {
    signal: abort.signal,
    firstMs: 60_000,
    onRetry: () => abort.abort(),
  })
  await expect(trying).rejects.toThrow('still down')
  expect(operation).toHaveBeenCalledTimes(1)
})

test('runs a long task again after any error until the signal aborts, and progress resets the wait', async () => {
  const abort = new AbortController()
  const errors = [new TypeError('1'), new Unavailable('2'), new Unavailable('3')]
  const operation = async (progressed: () => void) => {
    const error = errors.shift()
    if (error === undefined) return abort.abort()
    if (error.message === '3') progressed()
    throw error
  }
  const onRetry = vi.fn()
  await keepTrying(operation, { signal: abort.signal, onRetry, backoffOf: () => ({ firstMs: 1 }) })
  expect(onRetry.mock.calls.map(([error, attempt]) => [(error as Error).message, attempt])).toEqual([
    ['1', 1],
    ['2', 2],
    ['3', 1],
  ])
})

test.each([
  ['retrying', (run: () => Promise<void>, options: Options) => retrying(run, { ...options, firstMs: 2 })],
  [
    'keepTrying',
    (run: () => Promise<void>, options: Options) => keepTrying(run, { ...options, backoffOf: () => ({ firstMs: 2 }) }),
  ],
])(
  '%s: the first failure with another error is attempt 1, which is logged (during an outage it was not)',
  async (_, attempt) => {
    const abort = new AbortController()
    class Refused extends Unavailable {
      override readonly code = 'OUTFLOW_TEST_REFUSED'
    }
    const errors = [
      new Unavailable('1'),
      new Unavailable('2'),
      new Refused('3'),
      new Unavailable('4'),
      new Refused('5'),
    ]
    const operation = async () => {
      const error = errors.shift()
      if (error === undefined) return abort.abort()
      throw error
    }
    const onRetry = vi.fn()
    const random = vi.spyOn(Math, 'random').mockReturnValue(0)
    onTestFinished(() => random.mockRestore())
    await attempt(operation, { signal: abort.signal, onRetry })
    expect(onRetry.mock.calls.map(([error, attempt]) => [(error as Error).message, attempt])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 1],
      ['4', 3],
      ['5', 2],
    ])
    expect(onRetry.mock.calls.map(([, , waitMs]) => waitMs)).toEqual([1, 2, 4, 8, 16])
  },
)

test('a probe that fails again with the same error is reported once', async () => {
  const probe = vi
    .fn<() => Promise<void>>()
    .mockRejectedValueOnce(new Unavailable('no schema'))
    .mockRejectedValueOnce(new Unavailable('no schema'))
    .mockRejectedValueOnce(new Unavailable('no connection'))
    .mockResolvedValue()
  const onRetry = vi.fn()
  await untilAllAnswer([probe], { signal: never, firstMs: 1, onRetry })
  expect(probe).toHaveBeenCalledTimes(4)
  expect(onRetry.mock.calls.map(([error]) => (error as Error).message)).toEqual(['no schema', 'no connection'])
})

test('a pause ends early when the signal aborts, without an error', async () => {
  await pause(60_000, AbortSignal.abort())
})
