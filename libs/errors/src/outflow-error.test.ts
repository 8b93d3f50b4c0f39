import { describe, expect, it } from 'vitest'
import { isRetryable, OutflowError, toOutflowError, UnexpectedError } from './outflow-error.js'

class BrokerDown extends OutflowError {
  readonly code = 'OUTFLOW_TEST_BROKER_DOWN'
  override readonly retryable = true
}

describe('toOutflowError', () => {
  it('returns an OutflowError unchanged', () => {
    const error = new BrokerDown('the broker did not answer')
    expect(toOutflowError(error)).toBe(error)
  })

  it('keeps the thrown value as the cause, whatever its type', () => {
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
  it('is true only for errors of a retryable class', () => {
    expect(isRetryable(new BrokerDown('down'))).toBe(true)
    expect(isRetryable(new UnexpectedError('odd'))).toBe(false)
    expect(isRetryable(new Error('odd'))).toBe(false)
  })
})
