import { expect, it } from 'vitest'
import type { CheckFailed } from './check.js'
import { describeRead } from './checks.js'

it('doctor states that it did not read all of the latest records in its time', () => {
  const read = { records: 1_000, deadLetters: 0, undecodable: 0, isFieldUnused: false, problems: [] }
  expect(describeRead({ ...read, isCutShort: true })).toBe(
    '1,000 read within 8 s, not all of the latest, 0 would be dead letters',
  )
  expect(describeRead({ ...read, isCutShort: false })).toBe('1,000 read, 0 would be dead letters')
})

it('doctor advises on the paths only if fields are wrong, not if records cannot be decoded', () => {
  const read = { records: 100, isFieldUnused: false, problems: [], isCutShort: false }
  const fixOf = (counts: { readonly deadLetters: number; readonly undecodable: number }) => {
    try {
      return describeRead({ ...read, ...counts })
    } catch (error: unknown) {
      return (error as CheckFailed).fix
    }
  }
  const [source, paths] = [/correct source/, /correct the paths/]
  expect(fixOf({ deadLetters: 50, undecodable: 50 })).toMatch(source)
  expect(fixOf({ deadLetters: 50, undecodable: 50 })).not.toMatch(paths)
  expect(fixOf({ deadLetters: 50, undecodable: 0 })).toMatch(paths)
  expect(fixOf({ deadLetters: 50, undecodable: 0 })).not.toMatch(source)
  expect(fixOf({ deadLetters: 50, undecodable: 20 })).toMatch(/correct source.*; correct the paths/)
})
