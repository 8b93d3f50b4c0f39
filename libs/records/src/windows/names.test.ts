import { expect, test } from 'vitest'
import { textOfKey } from './names.js'

test('keys of bytes that are no text are different entities, in hex', () => {
  const longs = [200n, 201n].map((id) => {
    const key = Buffer.alloc(8)
    key.writeBigInt64BE(id)
    return textOfKey(key)
  })
  expect(longs).toEqual(['0x00000000000000c8', '0x00000000000000c9'])
  expect(textOfKey(Buffer.of(0xff, 0xfe))).toBe('0xfffe')
})

test('a key of text is its text, and an empty one none', () => {
  expect(textOfKey(Buffer.from('größe 😀'))).toBe('größe 😀')
  expect(textOfKey(Buffer.from('a\ufffd'))).toBe('a\ufffd')
  expect(textOfKey(Buffer.alloc(0))).toBeNull()
  expect(textOfKey(null)).toBeNull()
})
