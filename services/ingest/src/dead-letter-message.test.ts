import { createHash } from 'node:crypto'
import type { KafkaHeaders } from '@outflow/streams'
import { expect, test } from 'vitest'
import type { RejectedRecord } from './batch.js'
import { deadLetterMessage } from './dead-letter-message.js'
import { aKafkaRecord } from './test-builders.js'

const TOO_LARGE = { reason: 'too_large', detail: 'x' } as const
const letterOf = (source: RejectedRecord['source'], rejection: RejectedRecord['rejection'] = TOO_LARGE) =>
  deadLetterMessage(
    { topic: 'flights', partition: 0 },
    { source, rejection },
    { topic: 'flights.dead', rejectedAt: '2026-02-01T00:00:00.000Z' },
  )

test('issue 17.17: a dead letter has key, value and headers byte for byte, with reason, position and time', () => {
  const bytes = Buffer.from([0x7b, 0x00, 0xff])
  const headers: KafkaHeaders = [
    ['trace', Buffer.from([0x00, 0x01])],
    ['constructor', Buffer.from('a')],
    ['__proto__', null],
    ['constructor', Buffer.from('b')],
  ]
  const source = aKafkaRecord(42, bytes, { timestampMs: 1_700_000_000_000, key: Buffer.from([0xfe]), headers })
  expect(letterOf(source, { reason: 'undecodable', detail: 'JSON is written in UTF-8' })).toEqual({
    kind: 'dead_letter',
    topic: 'flights.dead',
    key: Buffer.from([0xfe]),
    payload: bytes,
    headers: [
      ...headers,
      ['outflow.reason', 'undecodable'],
      ['outflow.detail', 'JSON is written in UTF-8'],
      ['outflow.topic', 'flights'],
      ['outflow.partition', '0'],
      ['outflow.offset', '42'],
      ['outflow.timestamp', '1700000000000'],
      ['outflow.rejected-at', '2026-02-01T00:00:00.000Z'],
    ],
  })
})

test('the dead letter of a tombstone is a tombstone', () => {
  const source = aKafkaRecord(0, null, { key: null })
  expect(letterOf(source, { reason: 'empty', detail: 'no value' })).toMatchObject({ key: null, payload: null })
})

test('issue 17.19: a dead letter fits into a message of 1 MiB; a header states what was cut off', () => {
  const value = Buffer.alloc(110 * 1024 ** 2, ' ')
  const headers = Array.from({ length: 300 }, (_, n): [string, Buffer] => [`name ${n}`, Buffer.alloc(1_000)])
  const source = aKafkaRecord(4, value, { key: Buffer.alloc(2_000_000, 'k'), headers })
  const { key, payload, headers: kept } = letterOf(source)
  const bytes = (key?.length ?? 0) + (payload?.length ?? 0)
  const headerBytes = kept.reduce((sum, [name, own]) => sum + 10 + name.length + (own?.length ?? 0), 0)
  expect(bytes + headerBytes).toBeLessThan(1_000_000)
  expect(bytes + headerBytes).toBeGreaterThan(999_000)
  expect(value.subarray(0, payload!.length).equals(payload as Buffer)).toBe(true)
  const ours = new Map(kept)
  expect(ours.get('outflow.withheld')).toMatch(
    /^the value after its first \d+ of 115343360 bytes; the key after its first 100000 of 2000000 bytes; the headers after the first 98 of 300$/,
  )
  expect(ours.get('outflow.value-bytes')).toBe('115343360')
  expect(ours.get('outflow.value-sha256')).toBe(createHash('sha256').update(value).digest('hex'))
  expect(ours.get('outflow.offset')).toBe('4')
})

test('a record of a megabyte that fits is not cut', () => {
  const value = Buffer.alloc(990_000, ' ')
  const { payload, headers } = letterOf(aKafkaRecord(4, value))
  expect(payload).toHaveLength(990_000)
  expect(new Map(headers).has('outflow.withheld')).toBe(false)
})

test('issue 17.19: a record that was not read becomes a dead letter with its position, and states that it was withheld', () => {
  const source = aKafkaRecord(4, null, { key: null, unreadable: 'its batch expands too far' })
  const { payload, headers } = letterOf(source)
  expect(payload).toBeNull()
  expect(new Map(headers).get('outflow.withheld')).toBe('key, value and headers: its batch expands too far')
})
