import { expect, it } from 'vitest'
import { headerWarning } from './header-warning.js'

it('warns of a CSV file without a header (its first record named the columns without a warning)', () => {
  expect(headerWarning(['$.5.1', '$["3.5"]', '$.setosa'])).toBe(
    'warning: the first line names the columns, and 5.1 is a number; if the line is a record, add a header above it',
  )
  expect(headerWarning(['$["39"]', '$["State-gov"]', '$["77516"]'])).toContain('39 is a number')
})

it('prints no warning for names, positions and years', () => {
  expect(headerWarning(['$.load', '$.at'])).toBeNull()
  expect(headerWarning(['$["1"]', '$["0"]', '$["2"]'])).toBeNull()
  expect(headerWarning(['$.country', '$["2019"]', '$["2020"]'])).toBeNull()
})
