import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { aKafkaRecord, aReadBatch } from '../test-builders.js'
import { rejectTo } from './reject.js'

const reject = rejectTo({ topic: 'flights.dead', now: () => Date.UTC(2026, 1, 1) })

test('issue 17.17: a dead letter has key, value and headers byte for byte, with reason, position and time', () => {
  const bytes = Buffer.from([0x7b, 0x00, 0xff])
  const source = aKafkaRecord(42, bytes, {
    timestampMs: 1_700_000_000_000,
    key: Buffer.from([0xfe]),
    headers: [
      ['trace', Buffer.from([0x00, 0x01])],
      ['constructor', Buffer.from('a')],
      ['__proto__', null],
      ['constructor', Buffer.from('b')],
    ],
  })
  const rejection = { reason: 'undecodable', detail: 'JSON is written in UTF-8' } as const
  const batch = reject(aReadBatch([], { rejected: [{ source, rejection }] }))

  expect(batch.deadLetterMessages).toEqual([
    {
      offset: 42n,
      message: {
        kind: 'dead_letter',
        topic: 'flights.dead',
        key: Buffer.from([0xfe]),
        payload: bytes,
        headers: [
          ['trace', Buffer.from([0x00, 0x01])],
          ['constructor', Buffer.from('a')],
          ['__proto__', null],
          ['constructor', Buffer.from('b')],
          ['outflow.reason', 'undecodable'],
          ['outflow.detail', 'JSON is written in UTF-8'],
          ['outflow.topic', 'flights'],
          ['outflow.partition', '0'],
          ['outflow.offset', '42'],
          ['outflow.timestamp', '1700000000000'],
          ['outflow.rejected-at', '2026-02-01T00:00:00.000Z'],
        ],
      },
    },
  ])
  expect(batch.deadLetters).toEqual([
    { offset: 42n, recordTimeMs: 1_700_000_000_000, ...rejection, key: source.key, value: bytes },
  ])
})

test('the dead letter of a tombstone is a tombstone', () => {
  const source = aKafkaRecord(0, null, { key: null })
  const batch = reject(aReadBatch([], { rejected: [{ source, rejection: { reason: 'empty', detail: 'no value' } }] }))
  expect(batch.deadLetterMessages[0]?.message).toMatchObject({ key: null, payload: null })
})

test('dead letters are in the order of their offsets, regardless of the step that rejected them', () => {
  const rejection = { reason: 'wrong_type', detail: 'x' } as const
  const rejected = [7, 3, 5].map((offset) => ({ source: aKafkaRecord(offset, {}), rejection }))
  expect(reject(aReadBatch([], { rejected })).deadLetters.map(({ offset }) => offset)).toEqual([3n, 5n, 7n])
})

const TOO_LARGE = { reason: 'too_large', detail: 'x' } as const
const lettersOf = (source: ReturnType<typeof aKafkaRecord>) =>
  reject(aReadBatch([], { rejected: [{ source, rejection: TOO_LARGE }] }))

test('issue 17.19: a dead letter fits into a message of 1 MiB; a header states what was cut off', () => {
  const value = Buffer.alloc(110 * 1024 ** 2, ' ')
  const headers = Array.from({ length: 300 }, (_, n): [string, Buffer] => [`name ${n}`, Buffer.alloc(1_000)])
  const batch = lettersOf(aKafkaRecord(4, value, { key: Buffer.alloc(2_000_000, 'k'), headers }))
  const { key, payload, headers: kept } = batch.deadLetterMessages[0]!.message
  const bytes = (key?.length ?? 0) + (payload?.length ?? 0)
  const headerBytes = kept.reduce((sum, [name, own]) => sum + 10 + name.length + (own?.length ?? 0), 0)
  expect(bytes + headerBytes).toBeLessThan(1_000_000)
  expect(bytes + headerBytes).toBeGreaterThan(999_000)
  expect(value.subarray(0, payload!.length).equals(payload as Buffer)).toBe(true)
  const ours = new Map(kept)
  expect(ours.get('outflow.withheld')).toMatch(
    /^the value behind its first \d+ of 115343360 bytes; the key behind its first 100000 of 2000000 bytes; the headers behind the first 98 of 300$/,
  )
  expect(ours.get('outflow.value-bytes')).toBe('115343360')
  expect(ours.get('outflow.value-sha256')).toBe(createHash('sha256').update(value).digest('hex'))
  expect(ours.get('outflow.offset')).toBe('4')
})

test('a record of a megabyte that fits is not cut', () => {
  const value = Buffer.alloc(990_000, ' ')
  const { payload, headers } = lettersOf(aKafkaRecord(4, value)).deadLetterMessages[0]!.message
  expect(payload).toHaveLength(990_000)
  expect(new Map(headers).has('outflow.withheld')).toBe(false)
})

test('issue 17.19: a record that was not read becomes a dead letter with its position, and states that it was withheld', () => {
  const source = aKafkaRecord(4, null, { key: null, unreadable: 'its batch expands too far' })
  const { payload, headers } = lettersOf(source).deadLetterMessages[0]!.message
  expect(payload).toBeNull()
  expect(new Map(headers).get('outflow.withheld')).toBe('key, value and headers: its batch expands too far')
})
