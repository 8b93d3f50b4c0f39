import { isUtf8 } from 'node:buffer'
import avsc, { type Type } from 'avsc'
import { MAX_VALUES } from './check-depth.js'
import { integerOf } from './integers.js'

/**
 * avsc's types for reading untrusted bytes. avsc reads a varint of any length, an int beyond 32 bits, text that is not UTF-8 and a block
 * count of billions; these types throw instead. They override `_read`, which is not public; avsc's version is pinned, and its tests cover
 * each type.
 */
export function safeTypeHook(): (schema: unknown, options: object) => Type | undefined {
  const logical = new WeakSet<object>()
  return (schema, options) => {
    // avsc asks twice about a schema with a logical type: for the logical type, and for the type that is under it.
    if (isObject(schema) && schema.logicalType !== undefined && !logical.has(schema)) {
      logical.add(schema)
      return undefined
    }
    const name = isObject(schema) ? schema.type : schema
    if (name === 'array' || name === 'map') return make(name === 'array' ? SafeArray : SafeMap, schema, options)
    return typeof name === 'string' && Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name as PrimitiveName] : undefined
  }
}

/** The part of avsc's reader that is used here. */
interface Tap {
  readonly buf: Buffer
  pos: number
  /** Of the arrays and maps so far; set by `readBlocks`. */
  values?: number
}

interface Readable {
  _read(tap: Tap): unknown
}

type ReadableClass<Arguments extends unknown[]> = new (...from: Arguments) => Type & Readable

const { ArrayType, BytesType, IntType, LongType, MapType, StringType } = avsc.types as unknown as {
  readonly ArrayType: ReadableClass<[schema: unknown, options: object]>
  readonly BytesType: ReadableClass<[]>
  readonly IntType: ReadableClass<[]>
  readonly LongType: ReadableClass<[]>
  readonly MapType: ReadableClass<[schema: unknown, options: object]>
  readonly StringType: ReadableClass<[]>
}

class SafeInt extends IntType {
  override _read(tap: Tap): number {
    const value = readLong(tap)
    if (typeof value === 'number' && value === (value | 0)) return value
    throw new RangeError(`an int has 32 bits, found ${value}`)
  }
}

/** A long within ± 2⁵³ is a number, and beyond that its digits. */
class SafeLong extends LongType {
  override _read(tap: Tap): number | string {
    return readLong(tap)
  }
}

class SafeString extends StringType {
  override _read(tap: Tap): string {
    return readText(tap)
  }
}

class SafeBytes extends BytesType {
  override _read(tap: Tap): Buffer {
    return readBytes(tap)
  }
}

class SafeArray extends ArrayType {
  #width: number | undefined

  override _read(tap: Tap): unknown[] {
    const { itemsType } = this as unknown as { readonly itemsType: Type & Readable }
    this.#width ??= widthOf(itemsType)
    const items: unknown[] = []
    readBlocks(tap, this.#width, () => items.push(itemsType._read(tap)))
    return items
  }
}

class SafeMap extends MapType {
  #width: number | undefined

  override _read(tap: Tap): object {
    const { valuesType } = this as unknown as { readonly valuesType: Type & Readable }
    this.#width ??= widthOf(valuesType)
    const map: Record<string, unknown> = Object.create(null)
    readBlocks(tap, this.#width, () => {
      const key = readText(tap)
      map[key] = valuesType._read(tap)
    })
    return map
  }
}

const PRIMITIVES = { int: new SafeInt(), long: new SafeLong(), string: new SafeString(), bytes: new SafeBytes() }
type PrimitiveName = keyof typeof PRIMITIVES

function make(Class: ReadableClass<[unknown, object]>, schema: unknown, options: object): Type {
  return new Class(schema, options)
}

/** How many values an item has at least: a record with all its fields may take no bytes. */
function widthOf(type: Type, outer: readonly Type[] = []): number {
  if (!(type instanceof avsc.types.RecordType) || outer.includes(type)) return 1
  const inner = [...outer, type]
  return Math.max(
    1,
    type.fields.reduce((sum, field) => sum + widthOf(field.type, inner), 0),
  )
}

/** The blocks of an array or a map. */
function readBlocks(tap: Tap, width: number, readItem: () => void): void {
  for (;;) {
    let count = readCount(tap)
    if (count === 0) return
    if (count < 0) {
      count = -count
      readCount(tap)
    }
    tap.values = (tap.values ?? 0) + count * width
    if (tap.values > MAX_VALUES)
      throw new RangeError(`a block of ${count} items makes it more than ${MAX_VALUES} values`)
    for (; count > 0; count--) {
      readItem()
      if (tap.pos > tap.buf.length) throw new RangeError('the value ends in the middle of a block')
    }
  }
}

function readText(tap: Tap): string {
  const bytes = readBytes(tap)
  if (!isUtf8(bytes)) throw new RangeError('a string is not UTF-8')
  return bytes.toString('utf8')
}

function readBytes(tap: Tap): Buffer {
  const length = readCount(tap)
  const left = tap.buf.length - tap.pos
  if (length < 0 || length > left) throw new RangeError(`a value of ${length} bytes where ${left} are left`)
  tap.pos += length
  return tap.buf.subarray(tap.pos - length, tap.pos)
}

function readCount(tap: Tap): number {
  const count = readLong(tap)
  if (typeof count === 'number') return count
  throw new RangeError(`a count of ${count}`)
}

/** A zigzag varint of at most 10 bytes. */
function readLong(tap: Tap): number | string {
  const { buf } = tap
  let low = 0
  let place = 1
  for (let read = 0; read < EXACT_BYTES; read++) {
    const byte = byteAt(buf, tap.pos++)
    low += (byte & 0x7f) * place
    if (byte < 0x80) return low % 2 === 0 ? low / 2 : -(low + 1) / 2
    place *= 128
  }
  let value = BigInt(low)
  for (let read = EXACT_BYTES; read < MOST_BYTES; read++) {
    const byte = byteAt(buf, tap.pos++)
    value |= BigInt(byte & 0x7f) << BigInt(7 * read)
    if (byte < 0x80) {
      if (value >= 2n ** 64n) break
      return integerOf(value % 2n === 0n ? value / 2n : -(value + 1n) / 2n)
    }
  }
  throw new RangeError('a varint of more than 64 bits')
}

/** Seven bytes hold 49 bits, which a double holds exactly. */
const EXACT_BYTES = 7
const MOST_BYTES = 10

function byteAt(buf: Buffer, at: number): number {
  const byte = buf[at]
  if (byte === undefined) throw new RangeError('the value ends too early')
  return byte
}

function isObject(value: unknown): value is { readonly type?: unknown; readonly logicalType?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
