import { type Feature, featureSchema } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { makeDecoder } from './formats/decoder.js'
import { type Message, messageReader, type RecordOrigin, recordReader } from './record-reader.js'

const decoder = makeDecoder({ format: 'json', maxRecordBytes: 1024, csv: { delimiter: ',' } })
const DELAY: Feature = { path: '$.delay', type: 'numeric', optional: false }
const aWindow = (name: string, aggregate: string) =>
  featureSchema.parse({ type: 'window', name, aggregate, over: '1h', ...(aggregate === 'sum' && { of: '$.delay' }) })
const FEATURES = [DELAY, aWindow('total', 'sum')]
const options = { source: {}, features: FEATURES, maxBytes: 1024 ** 2 }

const aMessage = (value: string | null, overrides: Partial<Message & RecordOrigin> = {}): Message & RecordOrigin => ({
  ...{ topic: 'flights', partition: 0, key: Buffer.from('LAX'), timestampMs: 0 },
  value: value === null ? null : Buffer.from(value),
  ...overrides,
})

test('a record counts in the windows of the later records of its entity and partition', () => {
  const { read } = messageReader({ decoder, ...options })
  const numbers = [
    aMessage('{"delay":1}'),
    aMessage('{"delay":2}'),
    aMessage('{"delay":4}', { key: Buffer.from('SFO') }),
    aMessage('{"delay":8}', { partition: 1 }),
    aMessage('{"delay":16}'),
  ].map((message) => {
    const record = read(message)
    return 'reason' in record ? record : record.fields.numbers
  })
  expect(numbers).toEqual([
    [1, 1],
    [2, 3],
    [4, 4],
    [8, 8],
    [16, 19],
  ])
})

test('a record that breaks its contract is rejected, and counts in no window', () => {
  const source = { timestamp: '$.at', key: '$.id' }
  const { read } = messageReader({ decoder, ...options, source })
  const at = '2026-01-01T00:00:00Z'
  const outcomes = [
    aMessage(null),
    aMessage('{'),
    aMessage('', { unreadable: 'its batch is too large' }),
    aMessage(JSON.stringify({ delay: 'late', at, id: 'a' })),
    aMessage(JSON.stringify({ delay: 1, at: 'never', id: 'a' })),
    aMessage(JSON.stringify({ delay: 1, at, id: {} })),
  ].map((message) => read(message))
  expect(outcomes.map((outcome) => 'reason' in outcome && outcome.reason)).toEqual([
    'empty',
    'undecodable',
    'too_large',
    'wrong_type',
    'bad_timestamp',
    'wrong_type',
  ])
  expect(read(aMessage(JSON.stringify({ delay: 2, at, id: 'a' })))).toMatchObject({
    fields: { numbers: [2, 2] },
    read: { eventTimeMs: Date.parse(at), entityKey: 'a' },
  })
})

test('issue 18: a model with other windowed features gets those that the pipeline also has, and the others as missing', () => {
  const windows = [DELAY, aWindow('count', 'count'), aWindow('total', 'sum')]
  const features = [aWindow('total', 'sum'), DELAY, aWindow('kinds', 'since_last')]
  const { read } = messageReader({ decoder, ...options, features, windows })
  read(aMessage('{"delay":1}'))
  expect(read(aMessage('{"delay":2}'))).toMatchObject({ fields: { numbers: [3, 2, Number.NaN] } })
})

test('a decoded record gives the same fields as its message', () => {
  const [messages, records] = [messageReader({ decoder, ...options }), recordReader(options)]
  for (const delay of [1, 'late', 1e300, -1e301, 1e301, 3]) {
    const record = { delay }
    const message = aMessage(JSON.stringify(record))
    const [ofMessage, ofRecord] = [messages.read(message), records.read({ ...message, record })]
    if ('reason' in ofMessage) expect(ofRecord).toEqual(ofMessage)
    else expect(ofRecord).toMatchObject({ fields: ofMessage.fields, read: { eventTimeMs: 0, entityKey: 'LAX' } })
  }
})

test('entities dropped from memory are counted', () => {
  const reader = messageReader({ decoder, ...options, maxBytes: 1_000 })
  for (let entity = 0; entity < 10; entity += 1) {
    reader.read(aMessage('{"delay":1}', { key: Buffer.from(`e${entity}`) }))
  }
  const evicted = reader.evicted()
  expect(evicted).toBeGreaterThan(0)
  expect([...reader.entities()]).toHaveLength(10 - evicted)
  expect(reader.longestWindowMs).toBe(3_600_000)
})
