import { expect, test } from 'vitest'
import { plainText } from './plain-text.js'

test('NUL and lone surrogates are replaced, pairs of surrogates are not', () => {
  expect(plainText('a\0b\ud800c\udc00')).toBe('a\uFFFDb\uFFFDc\uFFFD')
  expect(plainText('🎈')).toBe('🎈')
})
