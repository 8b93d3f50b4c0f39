import { expect, test } from 'vitest'
import { UsageError } from '../../errors.js'
import { resendLetters } from './resend.js'

const resend = (positions: readonly string[], options: object) =>
  resendLetters(positions, { config: 'outflow.yaml', limit: 1_000, ...options }, {} as never, AbortSignal.abort())

test('positions and a filter are not combined (the filter was ignored)', async () => {
  const both = resend(['flights/2/18043'], { reason: 'wrong_type' })
  await expect(both).rejects.toThrow(UsageError)
  await expect(both).rejects.toThrow('--reason selects among all dead letters')
})
