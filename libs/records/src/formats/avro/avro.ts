import { decimalOf, isoOf } from '../integers.js'
import type { JsonObject } from '../record-decoder.js'
import type { CompiledSchema } from '../registry/registry-decoder.js'
import type { RegisteredSchema } from '../registry/schema-registry.js'
import { kindOf } from '../undecodable.js'
import { AvroBytes } from './avro-bytes.js'

/**
 * Compiles an Avro schema to the function that decodes its records into the shape that they would have in JSON: a union becomes its
 * value, an enum its symbol, bytes base64, dates and timestamps ISO 8601 text, times of day ms, decimals numbers, and a long beyond
 * 2⁵³ its digits.
 *
 * @throws {Error} if it is not an Avro schema. The compiled function throws on bytes that are not such a record, or another value of a union
 * @see https://avro.apache.org/docs/1.12.0/specification/
 */
export function makeAvroSchema({ schema, imports }: RegisteredSchema): CompiledSchema {
  const scope = { named: new Map<string, ValueReader>(), namespace: '' }
  for (const imported of imports) readerOf(JSON.parse(imported.schema), scope)
  const { read, width } = readerOf(JSON.parse(schema), scope)
  return (payload) => {
    const bytes = new AvroBytes(payload)
    bytes.countValues(width - 1)
    const value = read(bytes)
    if (bytes.left > 0) throw new RangeError(`${bytes.left} bytes are left over`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new TypeError(`a record is an Avro record or map; found ${kindOf(value)}`)
    }
    return value as JsonObject
  }
}

/** A schema in JSON; the registry has validated it. */
type Schema = string | readonly Schema[] | SchemaObject

interface SchemaObject {
  readonly type: Schema
  readonly name?: string
  readonly namespace?: string
  readonly logicalType?: string
  readonly scale?: number
  readonly size?: number
  readonly symbols?: readonly string[]
  readonly items?: Schema
  readonly values?: Schema
  readonly fields?: readonly { readonly name: string; readonly type: Schema }[]
}

interface ValueReader {
  read: (bytes: AvroBytes) => unknown
  /** The least number of values it has, fields of a record included: a record may take no bytes. */
  width: number
}

interface Scope {
  /** Named types, by full name. */
  readonly named: Map<string, ValueReader>
  /** Namespace of names without one. */
  readonly namespace: string
}

const isObject = (schema: Schema): schema is SchemaObject => typeof schema === 'object' && !Array.isArray(schema)

function readerOf(schema: Schema, scope: Scope): ValueReader {
  if (isObject(schema)) return objectReader(schema, scope)
  if (typeof schema === 'string') return scalarReader({ type: schema }) ?? find(schema, scope)
  const branches = schema.map((branch) => readerOf(branch, scope))
  return oneValue((bytes) => {
    const { read, width } = bytes.choice(branches)
    // As one value it has been counted.
    bytes.countValues(width - 1)
    return read(bytes)
  })
}

function objectReader(schema: SchemaObject, scope: Scope): ValueReader {
  const { type, symbols, items, values, size } = schema
  switch (type) {
    case 'record':
      return recordReader(schema, scope)
    case 'enum':
      return define(schema, scope, (bytes) => bytes.choice(symbols!)).reader
    case 'fixed':
      return define(
        schema,
        scope,
        converted((bytes) => bytes.fixed(size!), bytesConversion(schema)),
      ).reader
    case 'array':
      return arrayReader(readerOf(items!, scope))
    case 'map':
      return mapReader(readerOf(values!, scope))
    default:
      return scalarReader(schema) ?? readerOf(type, scope)
  }
}

function recordReader(schema: SchemaObject, scope: Scope): ValueReader {
  const hasProto = schema.fields!.some(({ name }) => name === '__proto__')
  const { reader, namespace } = define(schema, scope, (bytes) => {
    const record: Record<string, unknown> = hasProto ? Object.create(null) : {}
    for (const { name, type } of fields) record[name] = type.read(bytes)
    return record
  })
  const fields = schema.fields!.map(({ name, type }) => ({ name, type: readerOf(type, { ...scope, namespace }) }))
  reader.width = Math.max(
    1,
    fields.reduce((sum, { type }) => sum + type.width, 0),
  )
  return reader
}

function arrayReader(items: ValueReader): ValueReader {
  return oneValue((bytes) => {
    const list: unknown[] = []
    bytes.blocks(items.width, () => list.push(items.read(bytes)))
    return list
  })
}

function mapReader(values: ValueReader): ValueReader {
  return oneValue((bytes) => {
    // Without a prototype: a key may be __proto__.
    const map: Record<string, unknown> = Object.create(null)
    bytes.blocks(values.width, () => {
      const key = bytes.string()
      map[key] = values.read(bytes)
    })
    return map
  })
}

/** Registers a named type before its contents are read, since it may contain itself. */
function define({ name, namespace }: SchemaObject, scope: Scope, read: ValueReader['read']) {
  const fullName = fullNameOf(name!, namespace ?? scope.namespace)
  const reader = oneValue(read)
  scope.named.set(fullName, reader)
  return { reader, namespace: fullName.slice(0, Math.max(0, fullName.lastIndexOf('.'))) }
}

/** A name that the namespace lacks may be of a type without one, as Java's library writes it. */
function find(name: string, { named, namespace }: Scope): ValueReader {
  const reader = named.get(fullNameOf(name, namespace)) ?? named.get(name)
  if (reader === undefined) throw new Error(`no type has the name ${name}`)
  return reader
}

const fullNameOf = (name: string, namespace: string) =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`

/** Returns undefined for other than primitive types. */
function scalarReader(schema: SchemaObject): ValueReader | undefined {
  const { type, logicalType = '' } = schema
  switch (type) {
    case 'null':
      return oneValue(() => null)
    case 'boolean':
      return oneValue((bytes) => bytes.boolean())
    case 'int':
      return oneValue(converted((bytes) => bytes.int(), INT_CONVERSIONS.get(logicalType)))
    case 'long':
      return oneValue(converted((bytes) => bytes.long(), LONG_CONVERSIONS.get(logicalType.replace(/^local-/, ''))))
    case 'float':
      return oneValue((bytes) => bytes.float())
    case 'double':
      return oneValue((bytes) => bytes.double())
    case 'bytes':
      return oneValue(converted((bytes) => bytes.bytes(), bytesConversion(schema)))
    case 'string':
      return oneValue((bytes) => bytes.string())
    default:
      return undefined
  }
}

const oneValue = (read: ValueReader['read']): ValueReader => ({ read, width: 1 })

function converted<Raw>(
  read: (bytes: AvroBytes) => Raw,
  convert: ((value: Raw) => number | string) | undefined,
): ValueReader['read'] {
  return convert === undefined ? read : (bytes) => convert(read(bytes))
}

const bytesConversion = ({ logicalType, scale = 0 }: SchemaObject) =>
  logicalType === 'decimal' ? (value: Buffer) => decimalOf(value, scale) : (value: Buffer) => value.toString('base64')

const INT_CONVERSIONS = new Map([['date', (days: number) => isoOf(days * 86_400_000)]])

type Long = number | string
/** By logical type; a timestamp without a zone, `local-timestamp-millis`, is converted like `timestamp-millis`. */
const LONG_CONVERSIONS = new Map<string, (value: Long) => Long>([
  ['time-micros', (us) => Number(us) / 1e3],
  ['timestamp-millis', (ms) => isoOf(Number(ms))],
  ['timestamp-micros', (us) => isoOf(msOf(us, 1e3))],
  ['timestamp-nanos', (ns) => isoOf(msOf(ns, 1e6))],
])

/** Exact for digits: the last microsecond of the year 9999, which often means "never", rounds up to the year 10000 as a double. */
const msOf = (long: Long, perMs: number) =>
  typeof long === 'number' ? long / perMs : Number(BigInt(long) / BigInt(perMs))
