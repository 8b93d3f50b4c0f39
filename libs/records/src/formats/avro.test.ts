import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeAvroSchema } from './avro.js'

const bytesOf = (schema: object, value: unknown) =>
  avsc.Type.forSchema(schema as never, { wrapUnions: true }).toBuffer(value)
const compile = (schema: object, imports: { name: string; schema: string }[] = []) =>
  makeAvroSchema({ schemaType: 'AVRO', schema: JSON.stringify(schema), imports })
const record = (...fields: object[]) => ({ type: 'record', name: 'Trip', namespace: 'test.air', fields })
const decoded = (schema: object, value: unknown) => compile(schema)(bytesOf(schema, value))

test('nested records, arrays, maps and enums have the shape of the same record in JSON', () => {
  const leg = {
    type: 'record',
    name: 'Leg',
    fields: [
      { name: 'miles', type: 'int' },
      { name: 'raw', type: 'bytes' },
    ],
  }
  const schema = record(
    { name: 'delay', type: 'double' },
    { name: 'legs', type: { type: 'array', items: leg } },
    { name: 'by_name', type: { type: 'map', values: 'test.air.Leg' } },
    { name: 'cabin', type: { type: 'enum', name: 'Cabin', symbols: ['FIRST', 'COACH'] } },
    { name: 'late', type: 'boolean' },
    { name: 'code', type: { type: 'fixed', name: 'Code', size: 2 } },
  )
  const [raw, code] = [Buffer.from([1, 2, 255]), Buffer.from([0, 9])]
  const value = {
    delay: -1.5,
    legs: [{ miles: 7, raw }],
    by_name: { a: { miles: 8, raw } },
    cabin: 'COACH',
    late: true,
    code,
  }
  expect(decoded(schema, value)).toEqual({
    delay: -1.5,
    legs: [{ miles: 7, raw: 'AQL/' }],
    by_name: { a: { miles: 8, raw: 'AQL/' } },
    cabin: 'COACH',
    late: true,
    code: 'AAk=',
  })
})

test('a union becomes its value, for any branches', () => {
  const schema = record(
    { name: 'nullable', type: ['null', 'double'] },
    { name: 'absent', type: ['null', 'string'] },
    {
      name: 'one_of_kinds',
      type: ['null', 'bytes', { type: 'array', items: 'bytes' }, { type: 'map', values: 'bytes' }],
    },
    { name: 'ambiguous', type: ['int', 'long', 'float', 'bytes', 'string'] },
    {
      name: 'nested',
      type: ['null', { type: 'record', name: 'Inner', fields: [{ name: 'b', type: ['null', 'bytes'] }] }],
    },
  )
  const value = {
    nullable: { double: 3.5 },
    absent: null,
    one_of_kinds: { array: [Buffer.from([1])] },
    ambiguous: { long: 9 },
    nested: { 'test.air.Inner': { b: { bytes: Buffer.from([255]) } } },
  }
  expect(decoded(schema, value)).toEqual({
    nullable: 3.5,
    absent: null,
    one_of_kinds: ['AQ=='],
    ambiguous: 9,
    nested: { b: '/w==' },
  })
})

test('a record may contain its own type', () => {
  const schema = record({ name: 'raw', type: 'bytes' }, { name: 'next', type: ['null', 'test.air.Trip'] })
  const value = { raw: Buffer.from([1]), next: { 'test.air.Trip': { raw: Buffer.from([2]), next: null } } }
  expect(decoded(schema, value)).toEqual({ raw: 'AQ==', next: { raw: 'Ag==', next: null } })
})

test('dates and timestamps are ISO 8601 text, in unions as well', () => {
  const at = (logicalType: string, type: string) => ({ type, logicalType })
  const schema = record(
    { name: 'day', type: at('date', 'int') },
    { name: 'ms', type: at('timestamp-millis', 'long') },
    { name: 'us', type: ['null', at('timestamp-micros', 'long')] },
    { name: 'clock', type: at('time-millis', 'int') },
  )
  const value = { day: 20_000, ms: 1_760_000_000_123, us: { long: 1_760_000_000_123_456 }, clock: 86_399_999 }
  expect(decoded(schema, value)).toEqual({
    day: '2024-10-04T00:00:00.000Z',
    ms: '2025-10-09T08:53:20.123Z',
    us: '2025-10-09T08:53:20.123Z',
    clock: 86_399_999,
  })
})

test('a time beyond the calendar, such as the largest long for "never", does not make the record unreadable', () => {
  const at = (logicalType: string, type: string) => ({ type, logicalType })
  const schema = record({ name: 'day', type: at('date', 'int') }, { name: 'ms', type: at('timestamp-millis', 'long') })
  expect(compile(schema)(Buffer.from('feffffff0ffeffffffffffffffff01', 'hex'))).toEqual({
    day: '185542587100800000 ms',
    ms: '9223372036854776000 ms',
  })
})

test('the last microsecond of the year 9999, which means "never", stays in that year (it became the year 10000)', () => {
  const at = (logicalType: string) => ({ type: 'long', logicalType })
  const decode = compile(
    record({ name: 'us', type: at('timestamp-micros') }, { name: 'ns', type: at('timestamp-nanos') }),
  )
  // 253402300799999999 µs and 1767225599999999999 ns
  expect(decode(Buffer.from('feff9ac79983a28407feffcfdfbd94b98631', 'hex'))).toEqual({
    us: '9999-12-31T23:59:59.999Z',
    ns: '2025-12-31T23:59:59.999Z',
  })
})

test('decimals are the nearest double, negative ones too', () => {
  const money = { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }
  const schema = record(
    { name: 'price', type: money },
    { name: 'fixed', type: { ...money, type: 'fixed', name: 'F', size: 4 } },
  )
  const value = { price: Buffer.from('0462d53c8abac0', 'hex'), fixed: Buffer.from('fffffb2e', 'hex') }
  expect(decoded(schema, value)).toEqual({ price: 12_345_678_901_234.56, fixed: -12.34 })
})

test('a long within ± 2⁵³ becomes a number, any other a text of its digits', () => {
  const schema = record({ name: 'id', type: 'long' }, { name: 'other', type: ['null', 'long'] })
  const decode = compile(schema)
  fc.assert(
    fc.property(fc.oneof(around(52n), around(53n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (id) => {
      const expected = Number.isSafeInteger(Number(id)) ? Number(id) : String(id)
      expect(decode(Buffer.concat([zigzag(id), Buffer.from([2]), zigzag(id)]))).toEqual({
        id: expected,
        other: expected,
      })
    }),
    { seed: 1, numRuns: 300, examples: [[-(2n ** 52n) - 1n], [2n ** 52n + 1n]] },
  )
})

test('a schema is read with its imports', () => {
  const point = { type: 'record', name: 'Point', namespace: 'geo', fields: [{ name: 'lat', type: 'float' }] }
  const schema = record({ name: 'at', type: 'geo.Point' })
  const decode = compile(schema, [{ name: 'geo.Point', schema: JSON.stringify(point) }])
  expect(decode(bytesOf(point, { lat: 0.5 }))).toEqual({ at: { lat: 0.5 } })
})

test('a name that its namespace lacks is of a type without a namespace', () => {
  const kind = { type: 'enum', name: 'Kind', namespace: '', symbols: ['A', 'B'] }
  const decode = compile(record({ name: 'first', type: kind }, { name: 'second', type: 'Kind' }))
  expect(decode(Buffer.from([0, 2]))).toEqual({ first: 'A', second: 'B' })
})

test('a field may have the name __proto__, as in JSON', () => {
  const decoded = compile(record({ name: '__proto__', type: { type: 'map', values: 'int' } }))(Buffer.from([0]))
  expect(Object.entries(decoded)).toEqual([['__proto__', {}]])
})

test.each([
  ['bytes that end too early', Buffer.from([0])],
  ['bytes that are left over', Buffer.from([2, 2, 2])],
])('%s are an error', (_, bytes) => {
  expect(() => compile(record({ name: 'a', type: 'int' }, { name: 'b', type: 'int' }))(bytes)).toThrow()
})

test('a schema may be a union of records, as for several record types in one topic', () => {
  const trip = record({ name: 'miles', type: 'int' })
  const refund = { ...record({ name: 'dollars', type: 'double' }), name: 'Refund' }
  const imports = [trip, refund].map((schema) => ({ name: `test.air.${schema.name}`, schema: JSON.stringify(schema) }))
  const decode = compile(['test.air.Trip', 'test.air.Refund', 'null'], imports)
  expect(decode(Buffer.from('0004', 'hex'))).toEqual({ miles: 2 })
  expect(decode(Buffer.from('02000000000000f03f', 'hex'))).toEqual({ dollars: 1 })
  expect(() => decode(Buffer.from('04', 'hex'))).toThrow('a record is an Avro record or map; found null')
})

test('a value that is not a record is an error', () => {
  const decode = compile({ type: 'array', items: 'int' })
  expect(() => decode(Buffer.from([0]))).toThrow('a record is an Avro record or map; found an array')
})

/** Longs near ± 2 to this power. */
const around = (power: bigint) =>
  fc
    .tuple(fc.constantFrom(-1n, 1n), fc.bigInt({ min: -5n, max: 5n }))
    .map(([sign, offset]) => sign * 2n ** power + offset)

/** A variable-length integer of Avro and Protobuf, written without their libraries. */
function zigzag(value: bigint): Buffer {
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  while (left >= 0x80n) {
    bytes.push(Number(left & 0x7fn) | 0x80)
    left >>= 7n
  }
  return Buffer.from([...bytes, Number(left)])
}

test('bytes of another implementation are read (fastavro, by confluent-kafka 2.16.1 of Python)', () => {
  const schema = {
    type: 'record',
    name: 'Trip',
    namespace: 'test.air',
    fields: [
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
      { name: 'maybe', type: ['null', 'double'] },
      { name: 'none', type: ['null', 'string'] },
      { name: 'big', type: 'long' },
      { name: 'small', type: 'long' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'us', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }] },
      { name: 'day', type: { type: 'int', logicalType: 'date' } },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
      { name: 'raw', type: 'bytes' },
      {
        name: 'legs',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Leg',
            fields: [
              { name: 'miles', type: 'int' },
              { name: 'raw', type: ['null', 'bytes'] },
            ],
          },
        },
      },
      { name: 'tags', type: { type: 'map', values: ['null', 'long', 'string'] } },
    ],
  }
  expect(
    compile(schema)(
      Buffer.from(
        '020200000000000004400082808080808080802009dcbccccaef6602eabcbae5ded7a306cebf0206fe1dc004ff0004060202010800000602610202026204027802630000',
        'hex',
      ),
    ),
  ).toEqual({
    kind: 'B',
    maybe: 2.5,
    none: null,
    big: '1152921504606846977',
    small: -5,
    at: '2026-01-02T03:04:05.678Z',
    us: '2026-01-02T03:04:05.678Z',
    day: '2026-01-02T00:00:00.000Z',
    price: -1234.56,
    raw: '/wA=',
    legs: [
      { miles: 3, raw: 'AQ==' },
      { miles: 4, raw: null },
    ],
    tags: { a: 1, b: 'x', c: null },
  })
})

const varint = (hex: string) => Buffer.from(hex, 'hex')

describe('damaged bytes', () => {
  const list = record({ name: 'list', type: { type: 'array', items: 'double' } })
  const nulls = record({ name: 'list', type: { type: 'array', items: 'null' } })
  const map = record({ name: 'map', type: { type: 'map', values: 'int' } })

  test.each([
    ['an array of doubles', list, '8080808010'],
    ['an array of nulls', nulls, '8080808010'],
    ['a map', map, '8080808010'],
    ['a negative count', list, 'ffffffff0f02'],
  ])('issue 17.16: a block count of 2³¹ in %s is an error', (_, schema, hex) => {
    expect(() => compile(schema)(varint(hex))).toThrow(/block of \d+ items/)
  })

  test('issue 17.16: many blocks of values that take no bytes are an error', () => {
    const block = zigzag(400n)
    expect(() => compile(nulls)(Buffer.concat([...Array(300).fill(block), Buffer.alloc(500)]))).toThrow(/block/)
    expect(compile(nulls)(Buffer.concat([block, Buffer.alloc(1)])).list).toHaveLength(400)
  })

  test('issue 17.28: lists with more than 50,000 values, including fields without bytes, are an error', () => {
    const longs = record({ name: 'list', type: { type: 'array', items: 'long' } })
    const listOf = (count: number) => Buffer.concat([zigzag(BigInt(count)), Buffer.alloc(count + 1)])
    expect(compile(longs)(listOf(50_000)).list).toHaveLength(50_000)
    expect(() => compile(longs)(listOf(50_001))).toThrow(/more than 50000 values/)
    const fields = Array.from({ length: 100 }, (_, at) => ({ name: `f${at}`, type: 'null' }))
    const wide = record({ name: 'list', type: { type: 'array', items: { type: 'record', name: 'Wide', fields } } })
    expect(() => compile(wide)(listOf(501))).toThrow(/more than 50000 values/)
  })

  test.each([
    ['a varint of more than 10 bytes', { name: 'id', type: 'long' }, 'ffffffffffffffffffff01'],
    ['a varint of more than 64 bits', { name: 'id', type: 'long' }, 'ffffffffffffffffff7f'],
    ['an int beyond 32 bits', { name: 'n', type: 'int' }, '8080808010'],
    ['a string that is not UTF-8', { name: 's', type: 'string' }, '04c328'],
    ['a string longer than the message', { name: 's', type: 'string' }, '0861'],
    ['a string of negative length', { name: 's', type: 'string' }, '0361'],
    ['bytes longer than the message', { name: 'b', type: 'bytes' }, '0861'],
  ])('issue 17.28: %s is an error', (_, field, hex) => {
    expect(() => compile(record(field))(varint(hex))).toThrow(RangeError)
  })

  test('issue 17.28: a decimal of more than 256 bytes is an error', () => {
    const schema = record({ name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 } })
    expect(() =>
      compile(schema)(bytesOf(record({ name: 'price', type: 'bytes' }), { price: Buffer.alloc(257, 1) })),
    ).toThrow(/at most 256 bytes/)
  })
})
