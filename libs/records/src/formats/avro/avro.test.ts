import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { makeAvroSchema } from './avro.js'

const bytesOf = (schema: object, value: unknown) =>
  avsc.Type.forSchema(schema as never, { wrapUnions: true }).toBuffer(value)
const compile = (schema: object, imports: { name: string; schema: string }[] = []) =>
  makeAvroSchema({ schemaType: 'AVRO', schema: JSON.stringify(schema), imports })
const record = (types: Record<string, unknown>, names: object = { name: 'Trip', namespace: 'test.air' }) => ({
  ...{ type: 'record', ...names },
  fields: Object.entries(types).map(([name, type]) => ({ name, type })),
})
const logical = (logicalType: string, type = 'long') => ({ type, logicalType })
const decoded = (schema: object, value: unknown) => compile(schema)(bytesOf(schema, value))

test('a record may contain its own type', () => {
  const schema = record({ raw: 'bytes', next: ['null', 'test.air.Trip'] })
  const value = { raw: Buffer.from([1]), next: { 'test.air.Trip': { raw: Buffer.from([2]), next: null } } }
  expect(decoded(schema, value)).toEqual({ raw: 'AQ==', next: { raw: 'Ag==', next: null } })
})

test('a time beyond the calendar, such as the largest long for "never", does not make the record unreadable', () => {
  const schema = record({ day: logical('date', 'int'), ms: logical('timestamp-millis') })
  expect(compile(schema)(Buffer.from('feffffff0ffeffffffffffffffff01', 'hex'))).toEqual({
    day: '185542587100800000 ms',
    ms: '9223372036854776000 ms',
  })
})

test('the last microsecond of the year 9999, which means "never", stays in that year (it became the year 10000)', () => {
  const decode = compile(record({ us: logical('timestamp-micros'), ns: logical('timestamp-nanos') }))
  // 253402300799999999 µs and 1767225599999999999 ns
  expect(decode(Buffer.from('feff9ac79983a28407feffcfdfbd94b98631', 'hex'))).toEqual({
    us: '9999-12-31T23:59:59.999Z',
    ns: '2025-12-31T23:59:59.999Z',
  })
})

test('decimals are the nearest double, negative ones too', () => {
  const money = { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }
  const schema = record({ price: money, fixed: { ...money, type: 'fixed', name: 'F', size: 4 } })
  const value = { price: Buffer.from('0462d53c8abac0', 'hex'), fixed: Buffer.from('fffffb2e', 'hex') }
  expect(decoded(schema, value)).toEqual({ price: 12_345_678_901_234.56, fixed: -12.34 })
})

test('a schema is read with its imports', () => {
  const point = record({ lat: 'float' }, { name: 'Point', namespace: 'geo' })
  const schema = record({ at: 'geo.Point' })
  const decode = compile(schema, [{ name: 'geo.Point', schema: JSON.stringify(point) }])
  expect(decode(bytesOf(point, { lat: 0.5 }))).toEqual({ at: { lat: 0.5 } })
})

test('a name that its namespace lacks is of a type without a namespace', () => {
  const kind = { type: 'enum', name: 'Kind', namespace: '', symbols: ['A', 'B'] }
  const decode = compile(record({ first: kind, second: 'Kind' }))
  expect(decode(Buffer.from([0, 2]))).toEqual({ first: 'A', second: 'B' })
})

test('a field may have the name __proto__, as in JSON', () => {
  const decoded = compile(record({ ['__proto__']: { type: 'map', values: 'int' } }))(Buffer.from([0]))
  expect(Object.entries(decoded)).toEqual([['__proto__', {}]])
})

test('a schema may be a union of records, as for several record types in one topic', () => {
  const trip = record({ miles: 'int' })
  const refund = record({ dollars: 'double' }, { name: 'Refund', namespace: 'test.air' })
  const imports = [trip, refund].map((schema) => ({ name: '', schema: JSON.stringify(schema) }))
  const decode = compile(['test.air.Trip', 'test.air.Refund', 'null'], imports)
  expect(decode(Buffer.from('0004', 'hex'))).toEqual({ miles: 2 })
  expect(decode(Buffer.from('02000000000000f03f', 'hex'))).toEqual({ dollars: 1 })
  expect(() => decode(Buffer.from('04', 'hex'))).toThrow('a record is an Avro record or map; found null')
})

test('a value that is not a record is an error', () => {
  const decode = compile({ type: 'array', items: 'int' })
  expect(() => decode(Buffer.from([0]))).toThrow('a record is an Avro record or map; found an array')
})

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
  const schema = record({
    kind: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] },
    maybe: ['null', 'double'],
    none: ['null', 'string'],
    big: 'long',
    small: 'long',
    at: logical('timestamp-millis'),
    us: ['null', logical('timestamp-micros')],
    day: logical('date', 'int'),
    price: { ...logical('decimal', 'bytes'), precision: 12, scale: 2 },
    raw: 'bytes',
    legs: { type: 'array', items: record({ miles: 'int', raw: ['null', 'bytes'] }, { name: 'Leg' }) },
    tags: { type: 'map', values: ['null', 'long', 'string'] },
  })
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
  const list = record({ list: { type: 'array', items: 'double' } })
  const nulls = record({ list: { type: 'array', items: 'null' } })
  const map = record({ map: { type: 'map', values: 'int' } })

  test.each([
    ['an array of doubles', list, '8080808010'],
    ['an array of nulls', nulls, '8080808010'],
    ['a map', map, '8080808010'],
    ['a negative count', list, 'ffffffff0f02'],
  ])('issue 17.16: a block count of 2³¹ in %s is an error', (_, schema, hex) => {
    expect(() => compile(schema)(varint(hex))).toThrow(/\d+ further values/)
  })

  test('issue 17.16: many blocks of values that take no bytes are an error', () => {
    const block = zigzag(400n)
    expect(() => compile(nulls)(Buffer.concat([...Array(300).fill(block), Buffer.alloc(500)]))).toThrow(
      /400 further values/,
    )
    expect(compile(nulls)(Buffer.concat([block, Buffer.alloc(1)])).list).toHaveLength(400)
  })

  test('issue 17.28: lists with more than 50,000 values, including fields without bytes, are an error', () => {
    const longs = record({ list: { type: 'array', items: 'long' } })
    const listOf = (count: number) => Buffer.concat([zigzag(BigInt(count)), Buffer.alloc(count + 1)])
    expect(compile(longs)(listOf(50_000)).list).toHaveLength(50_000)
    expect(() => compile(longs)(listOf(50_001))).toThrow(/more than 50000 values/)
    const fields = Array.from({ length: 100 }, (_, at) => ({ name: `f${at}`, type: 'null' }))
    const wide = record({ list: { type: 'array', items: { type: 'record', name: 'Wide', fields } } })
    expect(() => compile(wide)(listOf(501))).toThrow(/more than 50000 values/)
  })

  test('records of more than 50,000 fields without bytes are an error (a message of 5 bytes exhausted the memory)', () => {
    const level = (depth: number): object => ({
      type: 'record',
      name: `L${depth}`,
      fields: Array.from({ length: 10 }, (_, at) => ({
        name: `f${at}`,
        type: depth === 1 ? 'null' : at === 0 ? level(depth - 1) : `L${depth - 1}`,
      })),
    })
    expect(() => compile(level(5))(Buffer.alloc(0))).toThrow(/more than 50000 values/)
    const optional = record({ outer: { type: 'array', items: ['null', level(4)] } })
    const listOf = (count: number) => Buffer.concat([zigzag(BigInt(count)), Buffer.alloc(count, 2), Buffer.alloc(1)])
    expect(compile(optional)(listOf(4)).outer).toHaveLength(4)
    expect(() => compile(optional)(listOf(6))).toThrow(/more than 50000 values/)
  })

  test.each<[string, Record<string, string>, string]>([
    ['a varint of more than 10 bytes', { id: 'long' }, 'ffffffffffffffffffff01'],
    ['a varint of more than 64 bits', { id: 'long' }, 'ffffffffffffffffff7f'],
    ['an int beyond 32 bits', { n: 'int' }, '8080808010'],
    ['a string that is not UTF-8', { s: 'string' }, '04c328'],
    ['a string longer than the message', { s: 'string' }, '0861'],
    ['a string of negative length', { s: 'string' }, '0361'],
    ['bytes longer than the message', { b: 'bytes' }, '0861'],
  ])('issue 17.28: %s is an error', (_, field, hex) => {
    expect(() => compile(record(field))(varint(hex))).toThrow(RangeError)
  })

  test('issue 17.28: a decimal of more than 256 bytes is an error', () => {
    const schema = record({ price: { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 } })
    expect(() => compile(schema)(bytesOf(record({ price: 'bytes' }), { price: Buffer.alloc(257, 1) }))).toThrow(
      /at most 256 bytes/,
    )
  })
})
