import { expect, test } from 'vitest'
import { z } from 'zod'
import { deadLetterCursorSchema, noteSchema, offsetSchema, whyTextSchema } from './fields.js'

test('an offset beyond 64 bits is rejected here, also in a cursor, and not by Postgres', () => {
  expect(offsetSchema.parse('9223372036854775807')).toBe(2n ** 63n - 1n)
  expect(offsetSchema.safeParse('9223372036854775808').success).toBe(false)
  const position = { topic: 'flights', partition: 0, offset: 7n }
  const cursor = z.encode(deadLetterCursorSchema, position)
  expect(deadLetterCursorSchema.parse(cursor)).toEqual(position)
  const beyond = Buffer.from(JSON.stringify({ ...position, offset: '9223372036854775808' })).toString('base64url')
  expect(deadLetterCursorSchema.safeParse(beyond).success).toBe(false)
})

test('a reason and a note are not blank, as on the command line', () => {
  for (const schema of [whyTextSchema, noteSchema]) {
    expect(schema.safeParse(' \n').error?.issues[0]?.message).toBe('allowed: a text that is not blank')
    expect(schema.parse(' snow')).toBe(' snow')
  }
})
