import avsc, { type Type } from 'avsc'
import { safeTypeHook } from './avro-types.js'
import { checkDepth } from './check-depth.js'
import { decimalOf, isoOf } from './integers.js'
import type { JsonObject } from './record-decoder.js'
import type { CompiledSchema } from './registry-decoder.js'
import type { RegisteredSchema } from './schema-registry.js'

/**
 * Compiles an Avro schema to the function that decodes what was written by it, as the same record is written in JSON: a union is its
 * value, an enum its symbol, bytes are base64, dates and timestamps ISO 8601 text, times of day ms, decimals and durations numbers; a
 * long beyond 2⁵³ is its digits.
 *
 * @throws {Error} when it is not an Avro schema, or not of a record. The compiled function throws on bytes that are not such a record
 */
export function makeAvroSchema({ schema, imports }: RegisteredSchema): CompiledSchema {
  const options = {
    registry: {},
    omitRecordMethods: true,
    logicalTypes: LOGICAL_TYPES,
    typeHook: safeTypeHook(),
  } as const
  for (const imported of imports) avsc.Type.forSchema(JSON.parse(imported.schema), options)
  const type = avsc.Type.forSchema(JSON.parse(schema), options)
  if (type.typeName !== 'record') throw new Error(`a record is an Avro record; found ${type.typeName}`)
  const convert = conversionOf(type, new Map())
  return (payload) => checkDepth(convert(type.fromBuffer(payload)) as JsonObject)
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

/** A logical type that is read as an ISO 8601 time, `divisor` of its units to a millisecond. */
const instant = (divisor: number) =>
  class extends avsc.types.LogicalType {
    override _fromValue(value: number | string): string {
      return isoOf(Number(value) / divisor)
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
  date: instant(1 / 86_400_000),
  'time-millis': scaled(1),
  'time-micros': scaled(1e3),
  'timestamp-millis': instant(1),
  'timestamp-micros': instant(1e3),
  'timestamp-nanos': instant(1e6),
  'local-timestamp-millis': instant(1),
  'local-timestamp-micros': instant(1e3),
  'local-timestamp-nanos': instant(1e6),
} as unknown as Record<string, new (schema: unknown) => avsc.types.LogicalType>
