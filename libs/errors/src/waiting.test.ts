import { expect, test } from 'vitest'
import { makeWakeUp } from './waiting.js'

const never = new AbortController().signal

test('a wake-up without a waiting task ends the next wait, once', async () => {
  const wakeUp = makeWakeUp()
  wakeUp.wake()
  wakeUp.wake()
  await wakeUp.wait(never)
  let woken = false
  const second = wakeUp.wait(never).then(() => {
    woken = true
  })
  await Promise.resolve()
  expect(woken).toBe(false)
  wakeUp.wake()
  await second
})

test('a wait ends after its timeout', async () => {
  await makeWakeUp().wait(never, 1)
})

test('a wait ends when the signal aborts', async () => {
  const abort = new AbortController()
  const waiting = makeWakeUp().wait(abort.signal)
  abort.abort()
  await waiting
  await makeWakeUp().wait(abort.signal)
})
