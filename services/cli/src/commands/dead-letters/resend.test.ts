import { Readable } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { UsageError } from '../../errors.js'
import { linesOf, resendLetters, withoutLineEnd } from './resend.js'

const resend = (positions: readonly string[], options: object) =>
  resendLetters(positions, { config: 'outflow.yaml', limit: 1_000, ...options }, {} as never, AbortSignal.abort())

test('positions and a filter are not combined (the filter was ignored)', async () => {
  const both = resend(['flights/2/18043'], { reason: 'wrong_type' })
  await expect(both).rejects.toThrow(UsageError)
  await expect(both).rejects.toThrow('--reason selects among all dead letters')
})

test('a signal ends it while it waits for the corrected value on stdin (it waited on)', async () => {
  const silent = new Readable({ read: () => {} })
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(silent as typeof process.stdin)
  onTestFinished(() => void vi.restoreAllMocks())
  await expect(resend(['flights/2/18043'], { with: '-' })).rejects.toThrow('aborted')
})

test('a newline at the end of the corrected value is removed from text only (a record in Avro lost its last byte)', () => {
  const value = Buffer.of(0x06, 0x0a)
  for (const format of ['json', 'csv'] as const) expect(withoutLineEnd(value, format)).toEqual(Buffer.of(0x06))
  for (const format of ['avro', 'protobuf'] as const) expect(withoutLineEnd(value, format)).toEqual(value)
})

test('records that would be rejected for the same reason share a line (1,000 of a renamed field printed 1,000 lines)', () => {
  const absent = Array.from({ length: 1_000 }, (_, offset) => ({
    position: `flights/0/${offset}`,
    detail: '$.miles is absent',
  }))
  const late = { position: 'flights/1/7', detail: '$.delay must be a number, found "late"' }
  expect(linesOf([...absent, late])).toEqual([
    '1,000, such as flights/0/0, would still be rejected: $.miles is absent',
    'flights/1/7 would still be rejected: $.delay must be a number, found "late"',
  ])
})

test('a detail that quotes a colour does not set it on the terminal', () => {
  const line = 'flights/1/7 would still be rejected: not JSON: "\\u001b[8mx"'
  expect(linesOf([{ position: 'flights/1/7', detail: 'not JSON: "\u001b[8mx"' }])).toEqual([line])
})
