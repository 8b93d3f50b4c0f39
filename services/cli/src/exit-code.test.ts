import { InputInvalid } from '@outflow/records'
import { describe, expect, it } from 'vitest'
import { UsageError } from './errors.js'
import { describeError, exitCodeOf } from './exit-code.js'

describe('describeError', () => {
  it('returns one line with file, line and problem, and exit code 2, for bad input', () => {
    const error = new InputInvalid('flights.csv', 12, '$.delay must be a number')
    expect(describeError(error, {})).toBe('outflow: flights.csv, line 12: $.delay must be a number')
    expect(exitCodeOf(error)).toBe(2)
  })

  it('joins a message of several lines, also under a second heading (it ended in `:;`)', () => {
    const error = new UsageError('no Kafka; do one of these:\n  1. a\n  2. b\nno Postgres; do one of these:\n  1. c')
    const joined = 'no Kafka; do one of these: 1. a; 2. b; no Postgres; do one of these: 1. c'
    expect(describeError(error, {})).toBe(`outflow: ${joined}`)
  })

  it('shows control characters of a quoted value as escapes (a colour in a record coloured the terminal)', () => {
    const error = new InputInvalid('flights.csv', 12, 'not JSON: "\u001b[8mhidden"')
    expect(describeError(error, {})).toBe('outflow: flights.csv, line 12: not JSON: "\\u001b[8mhidden"')
  })

  it('issue 17.15: handles a message with many blanks in linear time', () => {
    // A quadratic pattern exceeds the timeout of the test.
    expect(describeError(new UsageError(`found "${' '.repeat(1_000_000)}x"`), {})).toMatch(/^outflow: found " +x"$/)
  })

  it('has the code, and exit code 1, for other errors; the stack only with OUTFLOW_DEBUG', () => {
    const error = new Error('connect ECONNREFUSED')
    expect(describeError(error, {})).toBe('outflow: connect ECONNREFUSED [OUTFLOW_UNEXPECTED]')
    expect(exitCodeOf(error)).toBe(1)
    expect(describeError(error, { OUTFLOW_DEBUG: '1' })).toContain('exit-code.test.ts')
  })
})
