import { expect, test } from 'vitest'
import { aKafkaRecord, aReadBatch } from '../test-builders.js'
import { setAsideTo } from './set-aside.js'

const setAside = setAsideTo({ topic: 'flights.dead', now: () => Date.UTC(2026, 1, 1) })

test('issue 17.17: a dead letter keeps key, value and headers byte for byte and says why, where and when', () => {
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
  const batch = setAside(aReadBatch([], { rejected: [{ source, rejection }] }))

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

test('a tombstone stays one', () => {
  const source = aKafkaRecord(0, null, { key: null })
  const batch = setAside(aReadBatch([], { rejected: [{ source, rejection: { reason: 'empty', detail: 'no value' } }] }))
  expect(batch.deadLetterMessages[0]?.message).toMatchObject({ key: null, payload: null })
})

test('dead letters stand in the order of their offsets, whichever step rejected them', () => {
  const rejection = { reason: 'wrong_type', detail: 'x' } as const
  const rejected = [7, 3, 5].map((offset) => ({ source: aKafkaRecord(offset, {}), rejection }))
  expect(setAside(aReadBatch([], { rejected })).deadLetters.map(({ offset }) => offset)).toEqual([3n, 5n, 7n])
})
