import { makeAvroSchema } from '../../../libs/records/src/formats/avro/avro.js'
import { mutate, type Random } from '../random.js'
import { expectSame, show } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'
import { zigzag } from '../varint.js'

interface AvroField {
  readonly name: string
  readonly type: AvroType
}

type AvroType =
  | string
  | readonly AvroType[]
  | { readonly type: 'array'; readonly items: AvroType }
  | { readonly type: 'map'; readonly values: AvroType }
  | { readonly type: 'fixed'; readonly name: string; readonly size: number }
  | { readonly type: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly type: 'record'; readonly name: string; readonly fields: readonly AvroField[] }
  | { readonly type: 'int' | 'long' | 'bytes'; readonly logicalType: string; readonly scale?: number }

interface Messages {
  readonly schema: AvroType
  readonly messages: readonly Buffer[]
}

const target: FuzzTarget<Messages> = {
  rule: 'an Avro message decodes to the value of a reader written from the specification',
  generate: (random) => {
    const schema = aRecord(random, 3, { count: 0 })
    const messages = Array.from({ length: MESSAGES }, () => {
      const bytes = random.oneIn(12) ? random.bytes(random.below(40)) : write(random, schema)
      return random.oneIn(2) ? mutate(random, bytes, LIKELY) : bytes
    })
    return { schema, messages }
  },
  sizeOf: ({ messages }) => messages.length,
  check: ({ schema, messages }) => {
    const decode = makeAvroSchema({ schemaType: 'AVRO', schema: JSON.stringify(schema), imports: [] })
    for (const bytes of messages) {
      const expected = orInvalid(() => readMessage(schema, bytes))
      const actual = orInvalid(() => decode(bytes))
      if (expected instanceof Invalid !== actual instanceof Invalid) {
        throw new WrongValue(`${bytes.toString('hex')}: got ${show(actual)}, expected ${show(expected)}`)
      }
      if (!(expected instanceof Invalid)) expectSame(actual, expected, bytes.toString('hex'))
    }
  },
}
export default target

/** Compiling a schema takes ten times as long as decoding a message. */
const MESSAGES = 20
/** Bytes that extend a varint, end a block, or encode a large count. */
const LIKELY = Buffer.from([0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x10])

/** The message does not fit the schema. */
class Invalid extends Error {}

/** Errors of either decoder mean that the message is not valid; errors of a kind that indicates a defect are thrown. */
function orInvalid(read: () => unknown): unknown {
  try {
    return read()
  } catch (error: unknown) {
    if (error instanceof TypeError || error instanceof SyntaxError) throw error
    return error instanceof Invalid ? error : new Invalid(String(error))
  }
}

// --- schemas ---

/** Number of names so far. */
interface Names {
  count: number
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']
const LOGICAL: readonly AvroType[] = [
  { type: 'long', logicalType: 'timestamp-millis' },
  { type: 'long', logicalType: 'timestamp-micros' },
  { type: 'int', logicalType: 'date' },
  { type: 'int', logicalType: 'time-millis' },
  { type: 'bytes', logicalType: 'decimal', scale: 2 },
]
const FIELDS = ['a', 'b', 'constructor', 'toString', 'length', 'valueOf']

function aRecord(random: Random, depth: number, names: Names): AvroType {
  const name = `R${names.count++}`
  const fields = FIELDS.slice(0, random.between(0, FIELDS.length))
  return {
    type: 'record',
    name,
    fields: fields.map((field) => ({ name: field, type: aType(random, depth - 1, names) })),
  }
}

function aType(random: Random, depth: number, names: Names): AvroType {
  const within = () => aType(random, depth - 1, names)
  switch (random.below(depth > 0 ? 12 : 8)) {
    case 6:
      return random.pick(LOGICAL)
    case 7:
      return random.oneIn(2)
        ? { type: 'fixed', name: `F${names.count++}`, size: random.between(1, 4) }
        : { type: 'enum', name: `E${names.count++}`, symbols: ['NO', 'YES', 'MAYBE'] }
    case 8:
      return { type: 'array', items: within() }
    case 9:
      return { type: 'map', values: within() }
    case 10:
      return aRecord(random, depth, names)
    case 11:
      return aUnion(random, within)
    default:
      return random.pick(PRIMITIVES)
  }
}

/** A union has at most one branch of each unnamed kind, and no union as a branch. */
function aUnion(random: Random, branch: () => AvroType): AvroType {
  const branches = new Map<string, AvroType>([['null', 'null']])
  for (let count = random.between(1, 3); count > 0; count--) {
    const type = branch()
    if (Array.isArray(type)) continue
    const kind = typeof type === 'string' ? type : (type as { readonly type: string }).type
    branches.set('name' in (Object(type) as object) ? show(type) : kind, type)
  }
  return [...branches.values()]
}

// --- the writer: valid bytes of any value ---

function write(random: Random, schema: AvroType): Buffer {
  if (Array.isArray(schema)) {
    const index = random.below(schema.length)
    return Buffer.concat([zigzag(BigInt(index)), write(random, schema[index])])
  }
  const type = schema as Exclude<AvroType, readonly AvroType[]>
  switch (typeof type === 'string' ? type : type.type) {
    case 'null':
      return Buffer.alloc(0)
    case 'boolean':
      return Buffer.from([random.below(2)])
    case 'int':
      return zigzag(BigInt(random.pick([0, 1, -1, 2 ** 31 - 1, -(2 ** 31), random.below(20_000)])))
    case 'long':
      return zigzag(
        random.pick([
          ...[0n, -1n, -(2n ** 63n), 2n ** 63n - 1n, BigInt(random.below(2 ** 31)) * 700n],
          random.pick([-1n, 1n]) * 2n ** random.pick([52n, 53n]) + BigInt(random.between(-3, 3)),
        ]),
      )
    case 'float':
      return random.bytes(4)
    case 'double':
      return random.bytes(8)
    case 'bytes':
      return withLength(random.bytes(random.below(6)))
    case 'string':
      return withLength(Buffer.from(random.list(5, () => random.pick(['a', 'ü', '日', '🎈', '\0', '"'])).join('')))
  }
  if (typeof type === 'string') throw new Error(type)
  switch (type.type) {
    case 'fixed':
      return random.bytes(type.size)
    case 'enum':
      return zigzag(BigInt(random.below(type.symbols.length)))
    case 'record':
      return Buffer.concat(type.fields.map((field) => write(random, field.type)))
    case 'array':
      return blocks(random, () => write(random, type.items))
    case 'map':
      return blocks(random, () => {
        const key = random.pick(['a', 'b', '__proto__', 'toString', '7', 'ü'])
        return Buffer.concat([withLength(Buffer.from(key)), write(random, type.values)])
      })
  }
  throw new Error(type.type)
}

function blocks(random: Random, item: () => Buffer): Buffer {
  const parts = random.list(2, () => {
    const items = [item(), ...random.list(3, item)]
    const body = Buffer.concat(items)
    const count = BigInt(items.length)
    return Buffer.concat(random.oneIn(2) ? [zigzag(count), body] : [zigzag(-count), zigzag(BigInt(body.length)), body])
  })
  return Buffer.concat([...parts, zigzag(0n)])
}

const withLength = (bytes: Buffer) => Buffer.concat([zigzag(BigInt(bytes.length)), bytes])

// --- the reference reader ---

/** @see https://avro.apache.org/docs/1.12.0/specification/#binary-encoding */
function readMessage(schema: AvroType, bytes: Buffer): unknown {
  let at = 0
  let values = 0
  const take = (length: number): Buffer => {
    if (length < 0 || length > bytes.length - at) throw new Invalid(`${length} bytes at ${at}`)
    at += length
    return bytes.subarray(at - length, at)
  }
  const readLong = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1)[0]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte > 0x7f) continue
      if (value >= 2n ** 64n) break
      return (value >> 1n) ^ -(value & 1n)
    }
    throw new Invalid('varint')
  }
  const readCount = (): number => {
    const count = readLong()
    if (count > 2n ** 53n - 1n || count < -(2n ** 53n)) throw new Invalid(`count ${count}`)
    return Number(count)
  }
  const readInt = (): number => {
    const value = readLong()
    if (value !== BigInt.asIntN(32, value)) throw new Invalid(`int ${value}`)
    return Number(value)
  }
  const readString = (): string => {
    const text = take(readCount())
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text)
    } catch {
      throw new Invalid('UTF-8')
    }
  }
  const readItems = (read: () => void): void => {
    for (;;) {
      let count = readCount()
      if (count === 0) return
      if (count < 0) {
        count = -count
        readCount()
      }
      values += count
      if (values > 50_000) throw new Invalid(`${values} values`)
      for (; count > 0; count--) read()
    }
  }
  const readAt = <Item>(items: readonly Item[]): Item => {
    const item = items[readCount()]
    if (item === undefined) throw new Invalid('index')
    return item
  }
  const asInteger = (value: bigint): number | string =>
    Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  const asTime = (ms: number): string => (Math.abs(ms) > 8.64e15 ? `${ms} ms` : new Date(ms).toISOString())
  const readLogical = (type: { readonly logicalType: string; readonly scale?: number }): unknown => {
    switch (type.logicalType) {
      case 'timestamp-millis':
        return asTime(Number(readLong()))
      case 'timestamp-micros':
        return asTime(Number(readLong() / 1_000n))
      case 'date':
        return asTime(readInt() * 86_400_000)
      case 'time-millis':
        return readInt()
      default: {
        const digits = take(readCount())
        if (digits.length > 256) throw new Invalid('decimal')
        if (digits.length === 0) return 0
        return Number(`${BigInt.asIntN(digits.length * 8, BigInt(`0x${digits.toString('hex')}`))}e-${type.scale}`)
      }
    }
  }
  const read = (schema: AvroType): unknown => {
    if (Array.isArray(schema)) return read(readAt(schema))
    const type = schema as Exclude<AvroType, readonly AvroType[]>
    if (typeof type !== 'string') {
      if ('logicalType' in type) return readLogical(type)
      if (type.type === 'fixed') return take(type.size).toString('base64')
      if (type.type === 'enum') return readAt(type.symbols)
      if (type.type === 'record') {
        const record: Record<string, unknown> = {}
        for (const field of type.fields) record[field.name] = read(field.type)
        return record
      }
      if (type.type === 'array') {
        const items: unknown[] = []
        readItems(() => items.push(read(type.items)))
        return items
      }
      const map: Record<string, unknown> = Object.create(null)
      readItems(() => {
        const key = readString()
        map[key] = read(type.values)
      })
      return map
    }
    switch (type) {
      case 'null':
        return null
      case 'boolean':
        return take(1)[0] !== 0
      case 'int':
        return readInt()
      case 'long':
        return asInteger(readLong())
      case 'float':
        return take(4).readFloatLE()
      case 'double':
        return take(8).readDoubleLE()
      case 'bytes':
        return take(readCount()).toString('base64')
      default:
        return readString()
    }
  }
  const record = read(schema)
  if (at !== bytes.length) throw new Invalid('bytes after the record')
  return record
}
