import { expect, test } from 'vitest'
import { type WindowFromOptions, windowFrom } from './window-from.js'

const options: WindowFromOptions = {
  training: { window: 1_000, minRows: 50 },
  now: 10_000,
  drift: { changedMs: 9_500, notedMs: 9_700 },
  hasFitSince: () => false,
  countFrom: async (fromMs) => (10_000 - fromMs) / 5,
}

test('a window begins where the stream changed if there are enough records since, and drift makes a fit due', async () => {
  expect(await windowFrom(options)).toEqual({ fromMs: 9_500, isDrifted: true })
  const tooNew = { changedMs: 9_900, notedMs: 9_950 }
  expect(await windowFrom({ ...options, drift: tooNew })).toEqual({ fromMs: 9_000, isDrifted: false })
})

test('a change that was followed by a fit begins the window, and makes no other fit due', async () => {
  expect(await windowFrom({ ...options, hasFitSince: (sinceMs) => sinceMs === 9_700 })).toEqual({
    fromMs: 9_500,
    isDrifted: false,
  })
})

test('an alarm noted by a clock that was ahead is answered by a fit since the change (it made fits due until that time)', async () => {
  const drift = { changedMs: 9_500, notedMs: 13_600 }
  expect((await windowFrom({ ...options, drift, hasFitSince: (sinceMs) => sinceMs <= 9_900 })).isDrifted).toBe(false)
})

test('without a change, or with one before the window, the window has its full length', async () => {
  for (const drift of [null, { changedMs: 8_999, notedMs: 9_000 }]) {
    expect(await windowFrom({ ...options, drift })).toEqual({ fromMs: 9_000, isDrifted: false })
  }
})
