import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { longestPause } from './longest-pause.js'

test('the longest block is returned, even at the end of the effect', async () => {
  const { result, pauseMs } = await longestPause(async () => {
    await sleep(5)
    const until = performance.now() + 80
    while (performance.now() < until) Math.sqrt(until)
    return 'done'
  })
  expect(result).toBe('done')
  expect(pauseMs).toBeGreaterThanOrEqual(75)
})

test('rejects if the effect rejects', async () => {
  await expect(longestPause(() => Promise.reject(new Error('damaged')))).rejects.toThrow('damaged')
})
