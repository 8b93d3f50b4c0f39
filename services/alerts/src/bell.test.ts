import { expect, test } from 'vitest'
import { makeBell } from './bell.js'

const never = new AbortController().signal

test('a ring wakes who waits', async () => {
  const bell = makeBell()
  const woken = bell.rung(never)
  bell.ring()
  await woken
})

test('a ring while nobody waits is kept, once', async () => {
  const bell = makeBell()
  bell.ring()
  bell.ring()
  await bell.rung(never)
  let woken = false
  const second = bell.rung(never).then(() => {
    woken = true
  })
  await Promise.resolve()
  expect(woken).toBe(false)
  bell.ring()
  await second
})

test('waiting ends with the service', async () => {
  const abort = new AbortController()
  const waiting = makeBell().rung(abort.signal)
  abort.abort()
  await waiting
  await makeBell().rung(abort.signal)
})
