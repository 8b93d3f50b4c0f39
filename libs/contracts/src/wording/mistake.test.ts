import { expect, test } from 'vitest'
import { formatMistake } from './mistake.js'

test('a mistake is a question with a probability of at most 99 %', () => {
  expect(formatMistake({ name: 'kilometres instead of miles', share: 0.973 })).toBe('kilometres instead of miles? 97 %')
  expect(formatMistake({ name: 'the sign is wrong', share: 0.9999 })).toBe('the sign is wrong? 99 %')
})
