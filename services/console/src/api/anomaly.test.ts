import { MAX_NOTE_CHARS } from '@outflow/contracts/verdict'
import { expect, test } from 'vitest'
import { newVerdictSchema } from './anomaly.js'

test('the note of a verdict may be as long as the form of the page permits (it was refused beyond 500)', () => {
  const isValid = (note: string) => newVerdictSchema.safeParse({ verdict: 'confirmed', note }).success
  expect(isValid('x'.repeat(MAX_NOTE_CHARS))).toBe(true)
  expect(isValid('x'.repeat(MAX_NOTE_CHARS + 1))).toBe(false)
})
