import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { makeProtobufSchema } from './protobuf.js'

const TRIP = `
syntax = "proto3";
package test.air;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "confluent/type/decimal.proto";

enum Cabin { FIRST = 0; COACH = 1; }

message Leg { int32 miles = 1; bytes raw = 2; }

message Trip {
  message Seat { string row_name = 1; }
  message Meal { bool hot = 1; }
  string flight_no = 1;
  int64 id = 2;
  double delay = 3;
  Cabin cabin = 4;
  repeated Leg legs = 5;
  map<string, Leg> by_name = 6;
  map<int64, int32> by_id = 7;
  google.protobuf.Timestamp left_at = 8;
  google.protobuf.Duration took = 9;
  google.protobuf.DoubleValue tip = 10;
  confluent.type.Decimal fare = 11;
  optional int32 stops = 12;
  Leg last = 13;
  oneof pay { string card = 14; int64 cash = 15; }
  Seat seat = 16;
}
`
const compile = (schema: string, imports: { name: string; schema: string }[] = []) =>
  makeProtobufSchema({ schemaType: 'PROTOBUF', schema, imports })
const decode = compile(TRIP)

function trip(): protobuf.Root {
  const root = new protobuf.Root()
  for (const name of ['timestamp', 'duration', 'wrappers'])
    root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)!.nested!)
  protobuf.parse(
    'syntax = "proto3"; package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
    root,
  )
  protobuf.parse(TRIP, root, { keepCase: true })
  return root
}

function written(type: string, value: object, indexes: readonly number[]): Buffer {
  const message = trip().lookupType(type)
  return Buffer.concat([Buffer.from(indexes), message.encode(message.fromObject(value)).finish()])
}

test('a message has the shape of the same record in JSON', () => {
  const value = {
    flight_no: 'UA 7',
    id: '9007199254740993',
    delay: 2.5,
    cabin: 'COACH',
    legs: [{ miles: 7, raw: Buffer.from([255]) }, {}],
    by_name: { a: { miles: 8 } },
    by_id: { '-3': 4 },
    left_at: { seconds: 1_760_000_000, nanos: 5_000_000 },
    took: { seconds: 90, nanos: 500_000 },
    tip: { value: 1.25 },
    fare: { value: Buffer.from('fb2e', 'hex'), precision: 6, scale: 2 },
    stops: 0,
    card: 'visa',
    seat: { row_name: '12A' },
  }
  // [1] is the second message of the file: a count of 1 and the index 1, zigzag.
  expect(decode(written('test.air.Trip', value, [2, 2]))).toEqual({
    flight_no: 'UA 7',
    id: '9007199254740993',
    delay: 2.5,
    cabin: 'COACH',
    legs: [
      { miles: 7, raw: '/w==' },
      { miles: 0, raw: '' },
    ],
    by_name: { a: { miles: 8, raw: '' } },
    by_id: { '-3': 4 },
    left_at: '2025-10-09T08:53:20.005Z',
    took: 90_000.5,
    tip: 1.25,
    fare: -12.34,
    stops: 0,
    last: null,
    card: 'visa',
    cash: null,
    seat: { row_name: '12A' },
  })
})

test('the latest Timestamp stays in the year 9999 (it became the year 10000)', () => {
  const latest = { left_at: { seconds: 253_402_300_799, nanos: 999_999_999 } }
  expect(decode(written('test.air.Trip', latest, [2, 2]))).toMatchObject({ left_at: '9999-12-31T23:59:59.999Z' })
})

const STRUCT = `syntax = "proto3"; package google.protobuf;
message Struct { map<string, Value> fields = 1; }
message Value {
  oneof kind {
    NullValue null_value = 1; double number_value = 2; string string_value = 3; bool bool_value = 4;
    Struct struct_value = 5; ListValue list_value = 6;
  }
}
enum NullValue { NULL_VALUE = 0; }
message ListValue { repeated Value values = 1; }`

test.each([
  ['that protobufjs has', []],
  ['that the registry has', [{ name: 'google/protobuf/struct.proto', schema: STRUCT }]],
])(
  'a Struct is the object that it is in JSON, by the struct.proto %s (it was one of fields.color.stringValue)',
  (_, imports) => {
    const syntax = 'syntax = "proto3";'
    const message = 'message T { google.protobuf.Struct s = 1; google.protobuf.Value v = 2; }'
    const decode = compile(`${syntax} import "google/protobuf/struct.proto"; ${message}`, imports)
    const { root } = protobuf.parse(`${syntax} ${message}`, protobuf.parse(STRUCT).root)
    const type = root.lookupType('T')
    const fields = {
      color: { stringValue: 'red' },
      weight: { numberValue: 0 },
      isNew: { boolValue: false },
      none: { nullValue: 0 },
      unset: {},
      size: { structValue: { fields: { x: { numberValue: 2.5 } } } },
      tags: { listValue: { values: [{ stringValue: 'a' }, { numberValue: 1 }] } },
    }
    const body = type.encode(type.fromObject({ s: { fields }, v: { stringValue: 'x' } })).finish()
    const payload = Buffer.concat([Buffer.of(0), body])
    expect(decode(payload)).toEqual({
      s: { color: 'red', weight: 0, isNew: false, none: null, unset: null, size: { x: 2.5 }, tags: ['a', 1] },
      v: 'x',
    })
  },
)

test('the indexes select the message type: the first, or a nested one', () => {
  expect(decode(written('test.air.Leg', { miles: 3 }, [0]))).toEqual({ miles: 3, raw: '' })
  expect(decode(written('test.air.Trip.Meal', { hot: true }, [4, 2, 2]))).toEqual({ hot: true })
})

test('a Timestamp beyond the calendar does not make the message unreadable', () => {
  const value = { left_at: { seconds: 253_402_300_800_000 }, flight_no: 'UA 7' }
  expect(decode(written('test.air.Trip', value, [2, 2]))).toMatchObject({
    left_at: '253402300800000000 ms',
    flight_no: 'UA 7',
  })
})

test("the dates and times of day of Connect's converter are read without a registered import", () => {
  const schema = `syntax = "proto3"; import "google/type/date.proto"; import "google/type/timeofday.proto";
    message Shift { google.type.Date day = 1; google.type.TimeOfDay from = 2; google.type.Date birthday = 3; }`
  const [day, from, birthday] = ['08ea0f10021803', '0806101e18012080ade204', '10051801'].map((hex) =>
    Buffer.from(hex, 'hex'),
  )
  const fields = [day!, from!, birthday!].map((body, at) => Buffer.from([(at + 1) * 8 + 2, body.length, ...body]))
  expect(compile(schema)(Buffer.concat([Buffer.from([0]), ...fields]))).toEqual({
    day: '2026-02-03',
    from: 23_401_010,
    birthday: '0000-05-01',
  })
})

test('the amounts and places of google.type are read without a registered import (every record was undecodable)', () => {
  const schema = `syntax = "proto3"; import "google/type/money.proto"; import "google/type/latlng.proto";
    message Fare { google.type.Money price = 1; google.type.LatLng from = 2; }`
  const [price, from] = ['0a03455552100718808ece1c', '090000000000404a40'].map((hex) => Buffer.from(hex, 'hex'))
  const fields = [price!, from!].map((body, at) => Buffer.from([(at + 1) * 8 + 2, body.length, ...body]))
  expect(compile(schema)(Buffer.concat([Buffer.from([0]), ...fields]))).toEqual({
    price: { currency_code: 'EUR', units: 7, nanos: 60_000_000 },
    from: { latitude: 52.5, longitude: 0 },
  })
})

test("messages of imported files do not count among the file's own", () => {
  const geo = 'syntax = "proto3"; package test.air; message Point { float lat = 1; }'
  const main = 'syntax = "proto3"; package test.air; import "geo.proto"; message Stop { Point at = 1; }'
  const decodeStop = compile(main, [{ name: 'geo.proto', schema: geo }])
  expect(decodeStop(Buffer.from([0, 0x0a, 5, 0x0d, 0, 0, 0, 0x3f]))).toEqual({ at: { lat: 0.5 } })
})

test.each([
  ['an index that the file has no message for', [2, 18]],
  ['indexes that end too early', [6, 2]],
  ['more indexes than bytes', [254, 255, 255, 255, 7]],
  ['a body that ends too early', [2, 2, 0x0a, 99, 1]],
])('%s is an error', (_, bytes) => {
  expect(() => decode(Buffer.from(bytes))).toThrow()
})

test('compiling a file with an unresolved import throws', () => {
  expect(() => compile('syntax = "proto3"; import "far.proto"; message A { far.B b = 1; }')).toThrow(/far\.B/)
})

/** Schema and bytes from another implementation: confluent-kafka 2.16.1 of Python, through Apicurio. */
describe('messages of librdkafka clients', () => {
  const COMMON = 'Cgxjb21tb24ucHJvdG8SCHRlc3QuYWlyKh0KBUNhYmluEgkKBUZJUlNUEAASCQoFQ09BQ0gQAWIGcHJvdG8z'
  const DESCRIBED =
    'Cgp0cmlwLnByb3RvEgh0ZXN0LmFpchofZ29vZ2xlL3Byb3RvYnVmL3RpbWVzdGFtcC5wcm90bxoeZ29vZ2xlL3Byb3RvYnVmL3dyYXBwZXJzLnByb3RvGgxjb21tb24ucHJvdG8iIQoDTGVnEg0KBW1pbGVzGAEgASgFEgsKA3JhdxgCIAEoDCKBBAoEVHJpcBIRCglmbGlnaHRfbm8YASABKAkSCgoCaWQYAiABKAMSDQoFZGVsYXkYAyABKAESHgoFY2FiaW4YBCABKA4yDy50ZXN0LmFpci5DYWJpbhIbCgRsZWdzGAUgAygLMg0udGVzdC5haXIuTGVnEisKB2J5X25hbWUYBiADKAsyGi50ZXN0LmFpci5UcmlwLkJ5TmFtZUVudHJ5EicKBWJ5X2lkGAcgAygLMhgudGVzdC5haXIuVHJpcC5CeUlkRW50cnkSKwoHbGVmdF9hdBgIIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXASKQoDdGlwGAogASgLMhwuZ29vZ2xlLnByb3RvYnVmLkRvdWJsZVZhbHVlEhIKBXN0b3BzGAwgASgFSAGIAQESGwoEbGFzdBgNIAEoCzINLnRlc3QuYWlyLkxlZxIOCgRjYXJkGA4gASgJSAASDgoEY2FzaBgPIAEoBEgAGhMKBE1lYWwSCwoDaG90GAEgASgIGjwKC0J5TmFtZUVudHJ5EgsKA2tleRgBIAEoCRIcCgV2YWx1ZRgCIAEoCzINLnRlc3QuYWlyLkxlZzoCOAEaKwoJQnlJZEVudHJ5EgsKA2tleRgBIAEoAxINCgV2YWx1ZRgCIAEoBToCOAFCBQoDcGF5QggKBl9zdG9wc2IGcHJvdG8z'
  const decodeDescribed = compile(DESCRIBED, [{ name: 'common.proto', schema: COMMON }])
  const hex = (text: string) => decodeDescribed(Buffer.from(text, 'hex'))

  test('are read by their descriptor', () => {
    expect(
      hex(
        '02020a045541203710ffffffffffffffffef0119000000000000044020012a0508071201ff32070a0161120208083a0d08fdffffffffffffffff0110043a0c088080808080808080101005420b0880f09dc70610c096b102520909000000000000f43f600078ffffffffffffffffff01',
      ),
    ).toEqual({
      flight_no: 'UA 7',
      id: '-1152921504606846977',
      delay: 2.5,
      cabin: 'COACH',
      legs: [{ miles: 7, raw: '/w==' }],
      by_name: { a: { miles: 8, raw: '' } },
      by_id: { '-3': 4, '1152921504606846976': 5 },
      left_at: '2025-10-09T08:53:20.005Z',
      tip: 1.25,
      stops: 0,
      last: null,
      card: null,
      cash: '18446744073709551615',
    })
  })

  test('select the message type by their indexes', () => {
    expect(hex('000809120102')).toEqual({ miles: 9, raw: 'Ag==' })
    expect(hex('0402000801')).toEqual({ hot: true })
    expect(() => hex('0212')).toThrow('the schema has no message [9]')
  })

  test('count the entry types of maps among nested messages (the message after the selected one was read)', () => {
    // message Outer { map<string, int32> m = 1; message Inner { int32 x = 1; } message Other { int32 y = 1; } }
    const decodeInner = compile(
      'CgdhLnByb3RvInMKBU91dGVyEhgKAW0YASADKAsyDS5PdXRlci5NRW50cnkaKAoGTUVudHJ5EgsKA2tleRgBIAEoCRINCgV2YWx1ZRgCIAEoBToCOAEaEgoFSW5uZXISCQoBeBgBIAEoBRoSCgVPdGhlchIJCgF5GAEgASgFYgZwcm90bzM=',
    )
    expect(decodeInner(Buffer.from('0400020807', 'hex'))).toEqual({ x: 7 })
  })

  test('may have fields of google.protobuf.Struct', () => {
    const decodeNote = compile(
      'Cgpub3RlLnByb3RvEgh0ZXN0LmFpchocZ29vZ2xlL3Byb3RvYnVmL3N0cnVjdC5wcm90byJYCgROb3RlEiYKBWV4dHJhGAEgASgLMhcuZ29vZ2xlLnByb3RvYnVmLlN0cnVjdBIoCgRsaXN0GAIgASgLMhouZ29vZ2xlLnByb3RvYnVmLkxpc3RWYWx1ZWIGcHJvdG8z',
    )
    const bytes = Buffer.from(
      '000a620a120a0564656c617912091100000000000004400a0c0a046761746512041a0242370a0a0a046c617465120220010a260a046c656773121e321c0a0911000000000000f03f0a0f2a0d0a0b0a02746f12051a034a464b0a0a0a046e6f6e651202080012090a031a01610a020800',
      'hex',
    )
    expect(decodeNote(bytes)).toEqual({
      extra: { gate: 'B7', delay: 2.5, late: true, none: null, legs: [1, { to: 'JFK' }] },
      list: ['a', null],
    })
  })
})

test('issue 17: an omitted 64-bit key of a map entry is 0, and an unsigned key is not negative', () => {
  expect(decode(Buffer.from('02023a021004', 'hex'))).toMatchObject({ by_id: { 0: 4 } })
  const unsigned = compile('syntax = "proto3"; message T { map<uint64, int32> by_id = 1; }')
  const bytes = Buffer.from('000a0d08ffffffffffffffffff011004', 'hex')
  expect(unsigned(bytes)).toEqual({ by_id: { '18446744073709551615': 4 } })
})

describe('messages that take long to decode', () => {
  const schema =
    'syntax = "proto3"; message T { repeated L l = 1; repeated int64 n = 2; map<string, L> m = 3; T t = 4; } '
  const bounded = compile(
    `${schema} message L { ${Array.from({ length: 16 }, (_, at) => `int32 f${at} = ${at + 1};`).join(' ')} }`,
  )
  const repeated = (count: number, ...bytes: number[]) =>
    Buffer.concat([Buffer.from([0]), ...Array(count).fill(Buffer.from(bytes))])
  const packed = Buffer.concat([Buffer.from([0, 0x12, 0xa0, 0xf7, 0x36]), Buffer.alloc(900_000, 1)])

  test.each([
    ['many messages', repeated(450_000, 0x0a, 0), /50000 fields/],
    ['many messages of many fields that are not set', repeated(4_000, 0x0a, 0), /50000 values/],
    ['many 64-bit integers', repeated(450_000, 0x10, 1), /50000 fields/],
    ['many packed 64-bit integers', packed, /50000 values/],
    ['many map entries', repeated(450_000, 0x1a, 0), /50000 fields/],
    ['many fields that the schema lacks', repeated(450_000, 0x78, 1), /50000 fields/],
    ['messages nested without end', repeated(450_000, 0x22, 0x7f), /./],
    ['many indexes', Buffer.concat([Buffer.from([0xc0, 0xee, 0x6d]), Buffer.alloc(900_000)]), /900000 message indexes/],
  ])('issue 17.28: %s are an error', (_, bytes, message) => {
    expect(() => bounded(bytes)).toThrow(message)
  })

  test('issue 17.28: up to 50,000 values are read', () => {
    expect(bounded(repeated(2_900, 0x0a, 0)).l).toHaveLength(2_900)
    expect(bounded(repeated(49_000, 0x10, 1)).n).toHaveLength(49_000)
  })
})
