import avsc, { type Type } from 'avsc'
import { decimalOf, integerOf } from './integers.js'
import type { JsonObject } from './record-decoder.js'
import type { CompiledSchema } from './registry-decoder.js'
import type { RegisteredSchema } from './schema-registry.js'

/**
 * Compiles an Avro schema to the function that decodes what was written by it, as the same record is written in JSON:
 * a union is its value, an enum its symbol, bytes are base64, times epoch ms, decimals and durations numbers; a long
 * beyond 2⁵³ is its digits.
 *
 * @throws {Error} when it is no Avro schema, or no record
 */
export function makeAvroSchema({ schema, imports }: RegisteredSchema): CompiledSchema {
  const quick = compile(schema, imports, { long: new SmallLong() })
  let exact: CompiledSchema | null = null
  return (payload) => {
    try {
      return quick(payload)
    } catch {
      // A long beyond 2⁵², which wants a type of its own, at some cost; or no such record.
      exact ??= compile(schema, imports, { long: EXACT_LONG })
      return exact(payload)
    }
  }
}

function compile(schema: string, imports: RegisteredSchema['imports'], registry: Record<string, Type>): CompiledSchema {
  const options = { registry, omitRecordMethods: true, logicalTypes: LOGICAL_TYPES } as const
  for (const imported of imports) avsc.Type.forSchema(JSON.parse(imported.schema), options)
  const type = avsc.Type.forSchema(JSON.parse(schema), options)
  if (type.typeName !== 'record') throw new Error(`a record is an Avro record; found ${type.typeName}`)
  const convert = conversionOf(type, new Map())
  return (payload) => convert(type.fromBuffer(payload)) as JsonObject
}

type Convert = (value: unknown) => unknown

/** What avsc reads, made what records have. Values of records, arrays and maps are replaced where they stand. */
function conversionOf(type: Type, made: Map<Type, Convert>): Convert {
  const before = made.get(type)
  if (before !== undefined) return before
  // A type may contain itself: what stands for it meanwhile looks it up when it is called.
  made.set(type, (value) => made.get(type)!(value))
  const conversion = newConversion(type, made)
  made.set(type, conversion)
  return conversion
}

const asIs: Convert = (value) => value
const toBase64: Convert = (value) => (value as Buffer).toString('base64')

function newConversion(type: Type, made: Map<Type, Convert>): Convert {
  if (type instanceof avsc.types.RecordType) {
    const fields = type.fields
      .map((field) => ({ name: field.name, convert: conversionOf(field.type, made) }))
      .filter(({ convert }) => convert !== asIs)
    if (fields.length === 0) return asIs
    return (value) => {
      const record = value as Record<string, unknown>
      for (const { name, convert } of fields) record[name] = convert(record[name])
      return record
    }
  }
  if (type instanceof avsc.types.UnwrappedUnionType) {
    const branches = type.types
      .map((branch) => ({ holds: testOf(branch), convert: conversionOf(branch, made) }))
      .filter(({ convert }) => convert !== asIs)
    if (branches.length === 0) return asIs
    return (value) => branches.find(({ holds }) => holds(value))?.convert(value) ?? value
  }
  if (type instanceof avsc.types.WrappedUnionType) {
    const branches = new Map(type.types.map((branch) => [branch.branchName!, conversionOf(branch, made)]))
    return (value) => {
      if (value === null) return null
      for (const branch in value as object) {
        return branches.get(branch)!((value as Record<string, unknown>)[branch])
      }
      return null
    }
  }
  if (type instanceof avsc.types.ArrayType) {
    const convert = conversionOf(type.itemsType, made)
    if (convert === asIs) return asIs
    return (value) => (value as unknown[]).map(convert)
  }
  if (type instanceof avsc.types.MapType) {
    const convert = conversionOf(type.valuesType, made)
    if (convert === asIs) return asIs
    return (value) => Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, convert(item)]))
  }
  return type.typeName === 'bytes' || type.typeName === 'fixed' ? toBase64 : asIs
}

/** avsc wraps the value of a union in its branch's name only where its kind would not tell which branch it is. */
function testOf(type: Type): (value: unknown) => boolean {
  switch (type.typeName) {
    case 'bytes':
    case 'fixed':
      return Buffer.isBuffer
    case 'array':
      return Array.isArray
    default:
      return (value) => typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !Array.isArray(value)
  }
}

/** A logical type that is read as a number, `divisor` of its units to one of ours. */
const scaled = (divisor: number) =>
  class extends avsc.types.LogicalType {
    override _fromValue(value: number | string): number {
      return Number(value) / divisor
    }
  }

class Day extends avsc.types.LogicalType {
  override _fromValue(value: number): number {
    return value * 86_400_000
  }
}

class Decimal extends avsc.types.LogicalType {
  readonly #scale: number
  constructor(schema: { readonly scale?: number }, options?: unknown) {
    super(schema as never, options)
    this.#scale = schema.scale ?? 0
  }
  override _fromValue(value: Buffer): number {
    return decimalOf(value, this.#scale)
  }
}

const LOGICAL_TYPES = {
  decimal: Decimal,
  date: Day,
  'time-millis': scaled(1),
  'time-micros': scaled(1e3),
  'timestamp-millis': scaled(1),
  'timestamp-micros': scaled(1e3),
  'timestamp-nanos': scaled(1e6),
  'local-timestamp-millis': scaled(1),
  'local-timestamp-micros': scaled(1e3),
  'local-timestamp-nanos': scaled(1e6),
} as unknown as Record<string, new (schema: unknown) => avsc.types.LogicalType>

/** avsc reads a long in float64 and by twice its size: from 2⁵² on its last digit is lost, and it says so from 2⁵³ on alone. */
class SmallLong extends (avsc.types.LongType as unknown as new () => Type & { _read(tap: unknown): number }) {
  override _read(tap: unknown): number {
    const value = super._read(tap)
    if (Math.abs(value) >= 2 ** 52) throw new Error('a long beyond 2⁵²')
    return value
  }
}

/** Reads 8 bytes, little-endian; outflow writes no Avro. */
const EXACT_LONG = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => integerOf(bytes.readBigInt64LE()),
  toBuffer: (value: number | string) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(value))
    return bytes
  },
  fromJSON: (value: number | string) => value,
  toJSON: (value: number | string) => value,
  isValid: (value: unknown) => typeof value === 'number' || typeof value === 'string',
  compare: (a: number | string, b: number | string) => Number(a) - Number(b),
})
