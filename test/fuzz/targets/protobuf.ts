import { makeProtobufSchema } from '../../../libs/records/src/formats/protobuf/protobuf.js'
import { mutate, type Random } from '../random.js'
import { expectSame } from '../same-value.js'
import type { FuzzTarget } from '../target.js'
import { varint } from '../varint.js'

interface Message {
  readonly bytes: Buffer
  /** The expected record; absent if the bytes were changed. */
  readonly expected?: object
}

const target: FuzzTarget<Message> = {
  rule: 'a Protobuf message decodes to the record that was written, and damaged bytes to a record or an error that states why not',
  generate: (random) => {
    if (random.oneIn(12)) return { bytes: random.bytes(random.below(40)) }
    const { bytes, record } = aTrip(random, 2)
    const framed = Buffer.concat([FIRST_MESSAGE, bytes])
    return random.oneIn(2) ? { bytes: mutate(random, framed, LIKELY) } : { bytes: framed, expected: record }
  },
  check: ({ bytes, expected }) => {
    const actual = orInvalid(() => decode(bytes))
    if (expected !== undefined) expectSame(actual, expected, 'decode')
  },
}
export default target

const FIRST_MESSAGE = Buffer.from([0])
const LIKELY = Buffer.from([0, 1, 2, 0x7f, 0x80, 0xff, 0x0a, 0x2a, 0x32, 0x3b])
const SCHEMA = `syntax = "proto3"; package fuzz;
import "google/protobuf/timestamp.proto";
enum Cabin { FIRST = 0; COACH = 1; }
message Trip {
  string name = 1;
  int64 id = 2;
  double delay = 3;
  Cabin cabin = 4;
  repeated Trip legs = 5;
  map<string, int32> counts = 6;
  bytes raw = 7;
  google.protobuf.Timestamp at = 8;
  optional sint32 stops = 9;
  repeated uint64 marks = 10;
  bool late = 11;
  oneof pay { string card = 12; fixed64 cash = 13; }
  map<int64, bool> flags = 14;
  Trip next = 15;
  float share = 16;
  map<uint64, bool> seen = 17;
}`
const decode = makeProtobufSchema({ schemaType: 'PROTOBUF', schema: SCHEMA, imports: [] })

/** An error means that the message is not valid; errors of a kind that indicates a defect are thrown. */
function orInvalid(read: () => unknown): unknown {
  try {
    return read()
  } catch (error: unknown) {
    // Node's UTF-8 decoder throws a TypeError with a code.
    if (!(error instanceof Error) || (error instanceof TypeError && !('code' in error))) throw error
    return error
  }
}

// --- the writer: fields in any order, some of them unknown, packed or not ---

function aTrip(random: Random, depth: number): { readonly bytes: Buffer; readonly record: object } {
  const record: Record<string, unknown> = {
    ...{ name: '', id: 0, delay: 0, cabin: 'FIRST', legs: [], counts: {}, raw: '', at: null, stops: null, marks: [] },
    ...{ late: false, card: null, cash: null, flags: {}, next: null, share: 0, seen: {} },
  }
  const parts: Buffer[] = []
  const put = (field: number, wire: number, ...bytes: readonly Buffer[]) =>
    parts.push(varint(BigInt(field * 8 + wire)), ...bytes)
  const putFlag = (field: number, flags: unknown, keyOf: () => bigint) => {
    const value = random.oneIn(2)
    const key = keyOf()
    ;(flags as Record<string, boolean>)[String(key)] = value
    const written = key === 0n ? Buffer.alloc(0) : Buffer.concat([varint(8n), varint(key)])
    put(field, 2, withLength(Buffer.concat([written, Buffer.from([16, value ? 1 : 0])])))
  }
  const putUnknown = (field: number) => {
    if (random.oneIn(3)) put(field, 0, varint(aLong(random)))
    else if (random.oneIn(2)) put(field, 2, withLength(random.bytes(random.below(9))))
    else put(field, 3, Buffer.from([0x08, 0x01]), varint(BigInt(field * 8 + 4)))
  }
  const putField: Readonly<Record<number, () => void>> = {
    1: () => {
      record.name = aText(random)
      put(1, 2, withLength(Buffer.from(record.name as string)))
    },
    2: () => {
      const value = aLong(random)
      record.id = asInteger(value)
      put(2, 0, varint(value))
    },
    3: () => {
      const bytes = random.bytes(8)
      record.delay = bytes.readDoubleLE()
      put(3, 1, bytes)
    },
    4: () => {
      const value = random.below(3)
      record.cabin = ['FIRST', 'COACH', 2][value]
      put(4, 0, varint(BigInt(value)))
    },
    5: () => {
      if (depth === 0) return
      const leg = aTrip(random, depth - 1)
      ;(record.legs as unknown[]).push(leg.record)
      put(5, 2, withLength(leg.bytes))
    },
    6: () => {
      const [key, value] = [random.pick(['a', '__proto__', '7', 'toString', 'ü']), random.between(-5, 5)]
      Object.defineProperty(record.counts, key, { value, enumerable: true, configurable: true, writable: true })
      const entry = [varint(0x0an), withLength(Buffer.from(key)), varint(0x10n), varint(BigInt(value))]
      put(6, 2, withLength(Buffer.concat(random.oneIn(2) ? entry : [...entry.slice(2), ...entry.slice(0, 2)])))
    },
    7: () => {
      const bytes = random.bytes(random.below(6))
      record.raw = bytes.toString('base64')
      put(7, 2, withLength(bytes))
    },
    8: () => {
      const [seconds, nanos] = [random.between(-(10 ** 9), 10 ** 9), random.below(10 ** 9)]
      record.at = new Date(seconds * 1e3 + Math.floor(nanos / 1e6)).toISOString()
      put(8, 2, withLength(Buffer.concat([varint(8n), varint(BigInt(seconds)), varint(16n), varint(BigInt(nanos))])))
    },
    9: () => {
      const value = random.pick([0, -1, 1, 2 ** 31 - 1, -(2 ** 31)])
      record.stops = value
      put(9, 0, varint(BigInt((value << 1) ^ (value >> 31)) & 0xffff_ffffn))
    },
    10: () => {
      const values = random.list(4, () => BigInt.asUintN(64, aLong(random)))
      ;(record.marks as unknown[]).push(...values.map(asInteger))
      if (random.oneIn(2)) put(10, 2, withLength(Buffer.concat(values.map(varint))))
      else for (const value of values) put(10, 0, varint(value))
    },
    11: () => {
      record.late = random.oneIn(2)
      put(11, 0, Buffer.from([record.late === true ? 1 : 0]))
    },
    12: () => {
      record.card = aText(random)
      record.cash = null
      put(12, 2, withLength(Buffer.from(record.card as string)))
    },
    13: () => {
      const value = BigInt.asUintN(64, aLong(random))
      record.cash = asInteger(value)
      record.card = null
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(value)
      put(13, 1, bytes)
    },
    14: () => putFlag(14, record.flags, () => aLong(random)),
    15: () => {
      if (depth === 0) return
      const next = aTrip(random, depth - 1)
      record.next = next.record
      put(15, 2, withLength(next.bytes))
    },
    16: () => {
      const bytes = random.bytes(4)
      record.share = bytes.readFloatLE()
      put(16, 5, bytes)
    },
    17: () => putFlag(17, record.seen, () => BigInt.asUintN(64, aLong(random))),
  }
  const set = new Set<number>()
  for (let count = random.below(8); count > 0; count--) {
    const field = random.between(1, 20)
    // A nested message that occurs twice is merged.
    if (set.has(field) && (field === 8 || field === 15)) continue
    set.add(field)
    if (field in putField) putField[field]!()
    else putUnknown(field + 100)
  }
  return { bytes: Buffer.concat(parts), record }
}

const aText = (random: Random) => random.list(4, () => random.pick(['a', 'ü', '日', '🎈', '\0', '"'])).join('')

const aLong = (random: Random) =>
  random.pick([0n, 1n, -1n, 2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n, BigInt(random.below(2 ** 31)) * 700n])

const withLength = (bytes: Buffer) => Buffer.concat([varint(BigInt(bytes.length)), bytes])

function asInteger(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
