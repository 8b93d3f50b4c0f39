import type { StoredDeadLetter } from '@outflow/store/dead-letters'
import { expect, test } from 'vitest'
import { describe } from './dead-letters.js'

const letter: StoredDeadLetter = {
  ...{ topic: 'flights', partition: 2, offset: 7n, reason: 'wrong_type', detail: 'no number', key: null },
  ...{ valueStart: Buffer.from('{"delay":"la'), valueBytes: 2_000_000 },
  ...{ recordTime: new Date(0), rejectedAt: new Date(0), resentAt: null, corrected: false },
}
const nowhere = { whole: new Map(), cut: new Map(), unsent: new Set<string>() }

test('a dead letter without its whole message is shown with the reason and the beginning of its value', () => {
  const shown = (originals: Partial<typeof nowhere>) =>
    describe(letter, { ...nowhere, ...originals })
      .split('\n')
      .slice(2)
  expect(shown({ cut: new Map([['flights/2/7', 'the value, 2000000 bytes']]) })).toEqual([
    '  its message lacks the value, 2000000 bytes; the whole record is at its position in the source topic',
    '  the first 12 of 2,000,000 bytes of its value:',
    '{"delay":"la',
    '',
  ])
  expect(shown({ unsent: new Set(['flights/2/7']) })[0]).toBe(
    '  its message is still in the outbox; the alerts service sends it',
  )
  expect(shown({})[0]).toBe('  the dead-letter topic no longer has its message')
})

test('the line ends and tabs of a value stay, and its colours are shown as escapes (they hid the rest of the output)', () => {
  const shown = describe({ ...letter, valueStart: Buffer.from('a\t\n\u001b[8mb') }, nowhere)
  expect(shown).toContain('of its value:\na\t\n\\u001b[8mb\n')
})
