import { describe, expect, it } from 'vitest'
import { isRetryable, OutflowError, toOutflowError, UnexpectedError } from './outflow-error.js'

class BrokerAway extends OutflowError {
  readonly code = 'OUTFLOW_TEST_BROKER_AWAY'
  override readonly retryable = true
}

describe('toOutflowError', () => {
  it('hands an OutflowError through unchanged', () => {
    const error = new BrokerAway('the broker did not answer')
    expect(toOutflowError(error)).toBe(error)
  })

  it('keeps what was thrown as the cause, whatever its type', () => {
    const thrown = new TypeError('x is undefined')
    expect(toOutflowError(thrown)).toMatchObject({
      code: 'OUTFLOW_UNEXPECTED',
      message: 'x is undefined',
      cause: thrown,
    })
    expect(toOutflowError('plain text')).toMatchObject({ message: 'plain text', cause: 'plain text' })
  })
})

describe('isRetryable', () => {
  it('is true for errors that say so, and for nothing else', () => {
    expect(isRetryable(new BrokerAway('away'))).toBe(true)
    expect(isRetryable(new UnexpectedError('odd'))).toBe(false)
    expect(isRetryable(new Error('odd'))).toBe(false)
  })
})
