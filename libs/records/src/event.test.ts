import { expect, test } from 'vitest'
import { type Event, eventReader } from './event.js'

const reading = (source: Parameters<typeof eventReader>[0]) => {
  const read = eventReader(source)
  const message = { key: Buffer.from('LAX'), timestampMs: Date.UTC(2026, 0, 1) }
  return (record: Record<string, unknown>, overrides = {}) => read({ ...message, ...overrides }, record)
}

test("without paths, Kafka's timestamp and key are used", () => {
  const read = reading({})
  expect(read({}, { timestampMs: 1_700_000_000_123 })).toMatchObject({
    eventTimeMs: 1_700_000_000_123,
    entityKey: 'LAX',
  })
  expect(read({}, { key: null })).toMatchObject({ entityKey: null })
  expect(read({}, { key: Buffer.from('a\u0000b') })).toMatchObject({ entityKey: '0x610062' })
  expect(reading({ key: '$.account' })({ account: 'a\u0000b' })).toMatchObject({ entityKey: 'a\ufffdb' })
})

test('issue 17.18: a long key is shortened to its start and a hash, so that keys with the same start stay distinct', () => {
  const key = '€'.repeat(900)
  const shortened = { entityKey: expect.stringMatching(/^€{100}…sha256:[0-9a-f]{64}$/) }
  const ofKafka = reading({})({}, { key: Buffer.from(key) })
  expect(ofKafka).toMatchObject(shortened)
  const ofField = reading({ key: '$.account' })
  expect(ofField({ account: key })).toMatchObject({ entityKey: (ofKafka as Event).entityKey })
  expect(ofField({ account: `${key}€` })).toMatchObject(shortened)
  expect(ofField({ account: `${key}€` })).not.toEqual(ofField({ account: key }))
  expect(ofField({ account: 'a'.repeat(500) })).toMatchObject({ entityKey: 'a'.repeat(500) })
})

test.each([
  ['2001-01-01T09:30:00Z', Date.UTC(2001, 0, 1, 9, 30)],
  ['2001-01-01T09:30:00+02:00', Date.UTC(2001, 0, 1, 7, 30)],
  [978_341_400_000, 978_341_400_000],
])('an event time of %s is read', (date, eventTimeMs) => {
  expect(reading({ timestamp: '$.date' })({ date })).toMatchObject({ eventTimeMs })
})

test.each([[undefined], [null], [''], ['yesterday'], [{}], [true], [9e20], [-9e14], [0]])(
  'an event time of %j is a bad timestamp',
  (date) => {
    const rejection = reading({ timestamp: '$.date' })(date === undefined ? {} : { date })
    expect(rejection).toMatchObject({ reason: 'bad_timestamp', detail: expect.stringContaining('$.date') })
  },
)

test.each([[-1e17], [1e17], [Number.NaN]])(
  'a Kafka timestamp of %d is rejected if it is the event time',
  (timestampMs) => {
    expect(reading({})({}, { timestampMs })).toMatchObject({ reason: 'bad_timestamp' })
  },
)

test('an entity is read by its path; a record without it has no entity', () => {
  const read = reading({ key: '$.route.origin' })
  expect(read({ route: { origin: 'SFO' } })).toMatchObject({ entityKey: 'SFO' })
  expect(read({ route: { origin: 17 } })).toMatchObject({ entityKey: '17' })
  expect(read({ route: {} })).toMatchObject({ entityKey: null })
  expect(read({ route: { origin: { code: 1 } } })).toMatchObject({ reason: 'wrong_type' })
})

test('issue 17.3: epoch seconds are read as seconds, and 1 January 1970 is rejected if Kafka has a later time', () => {
  const read = reading({ timestamp: '$.date' })
  expect(read({ date: 1_767_225_600 })).toMatchObject({ eventTimeMs: Date.UTC(2026, 0, 1) })
  const kafka = { timestampMs: Date.UTC(2026, 0, 1) }
  expect(read({ date: '1970-01-01T00:00:00Z' }, kafka)).toMatchObject({ reason: 'bad_timestamp' })
  expect(read({ date: '1970-01-01T00:00:00Z' }, { timestampMs: 5 })).toMatchObject({ eventTimeMs: 0 })
  expect(read({ date: '1971-06-01T00:00:00Z' }, kafka)).toMatchObject({ eventTimeMs: Date.UTC(1971, 5, 1) })
})
