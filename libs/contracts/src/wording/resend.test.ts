import { expect, test } from 'vitest'
import { formatResend } from './resend.js'

const none = { queued: [], before: [], stillInvalid: [], cut: [], unsent: [], gone: [] }

test('only a dead letter that the topic lacks is gone; one that was cut or waits in the outbox is not', () => {
  expect(formatResend({ ...none, cut: ['a'], unsent: ['b'] })).toBe(
    '0 will be resent; 1 was too large for the dead-letter topic and is whole only at its position in the source topic; ' +
      '1 is in the outbox and not on the dead-letter topic yet',
  )
  expect(formatResend({ ...none, gone: ['c'] })).toBe('0 will be resent; 1 is no longer on the dead-letter topic')
})

test('one and many have their own words (it was "1 were resent before")', () => {
  expect(formatResend({ ...none, queued: ['a'], before: ['b'] })).toBe('1 will be resent; 1 was resent before')
  expect(formatResend({ ...none, queued: Array(2_000), before: ['a', 'b'] }, { isDryRun: true })).toBe(
    '2,000 would be resent; 2 were resent before',
  )
})
