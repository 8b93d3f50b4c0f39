import { expect, it } from 'vitest'
import { describeRead } from './checks.js'

it('doctor states that it did not read all of the latest records in its time', () => {
  const read = { records: 1_000, deadLetters: 0, isFieldUnused: false, problems: [] }
  expect(describeRead({ ...read, isCutShort: true })).toBe(
    '1,000 read within 8 s, not all of the latest, 0 would be dead letters',
  )
  expect(describeRead({ ...read, isCutShort: false })).toBe('1,000 read, 0 would be dead letters')
})
