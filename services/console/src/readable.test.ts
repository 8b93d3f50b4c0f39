import { KEPT_BYTES } from '@outflow/store/dead-letters'
import { expect, it } from 'vitest'
import { readable, readableStart } from './readable.js'

it.each([
  [[0, 0, 0, 200], 'base64: AAAAyA=='],
  [[0, 0, 0, 201], 'base64: AAAAyQ=='],
  [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  [[], ''],
])('the bytes %j are shown whole, as %j (without an incomplete character or a BOM)', (bytes, shown) => {
  expect(readable(Buffer.from(bytes))).toBe(shown)
})

it('the stored beginning of a long value is text also where the cut is inside a character (it was base64)', () => {
  const stored = Buffer.from(`a${'é'.repeat(600)}`).subarray(0, KEPT_BYTES)
  expect(readableStart(stored)).toBe(`a${'é'.repeat(511)}`)
})
