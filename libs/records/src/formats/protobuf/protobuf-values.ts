import protobuf, { type Field, type Type } from 'protobufjs'
import { MAX_VALUES } from '../check-depth.js'
import { decimalOf, isoOf } from '../integers.js'

type Convert = (value: unknown) => unknown

/** State shared by the conversions of one schema. */
interface Conversions {
  readonly made: Map<Type, Convert>
  /** Values of the message being converted so far: its fields, set or not, and items. */
  values: number
}

/** protobufjs's type of 64-bit integers. */
interface Long {
  toNumber(): number
  toString(): string
}

/**
 * Compiles a message type to the function that converts its decoded messages into the shape that they would have in JSON: an
 * enum becomes its name, bytes base64, a Timestamp or Date ISO 8601 text, a Duration or TimeOfDay ms, a wrapper its value, a Struct an object, a
 * Decimal a number, a 64-bit integer beyond 2⁵³ its digits. An unset field is null if the schema records presence, else its default: 0 for a
 * proto3 number without `optional`.
 *
 * The function throws if a message has more than MAX_VALUES values.
 */
export function messageConversion(type: Type): Convert {
  const conversions: Conversions = { made: new Map(), values: 0 }
  const convert = conversionOf(type, conversions)
  return (message) => {
    conversions.values = 0
    return convert(message)
  }
}

function countValues(conversions: Conversions, count: number): void {
  conversions.values += count
  if (conversions.values > MAX_VALUES) throw new RangeError(`a message has at most ${MAX_VALUES} values`)
}

function conversionOf(type: Type, conversions: Conversions): Convert {
  const { made } = conversions
  const known = KNOWN.get(type.fullName) as Convert | undefined
  if (known !== undefined) return known
  const before = made.get(type)
  if (before !== undefined) return before
  // A message may contain its own type: until that is compiled, a placeholder looks it up when called.
  made.set(type, (value) => made.get(type)!(value))
  const fields = type.fieldsArray.map((field) => ({
    name: field.resolve().name,
    isUnset: recordsPresence(field) ? (message: object) => !Object.hasOwn(message, field.name) : never,
    convert: fieldConversion(field, conversions),
  }))
  const conversion: Convert = (value) => {
    countValues(conversions, fields.length)
    const message = value as Record<string, unknown>
    const record: Record<string, unknown> = {}
    for (const { name, isUnset, convert } of fields) record[name] = isUnset(message) ? null : convert(message[name])
    return record
  }
  made.set(type, conversion)
  return conversion
}

const never = () => false

/** Every syntax records the presence of a message field; protobufjs omits an absent one. */
const recordsPresence = (field: Field) =>
  field.hasPresence || (field.resolvedType instanceof protobuf.Type && !field.repeated && !field.map)

function fieldConversion(field: Field, conversions: Conversions): Convert {
  const convert = valueConversion(field, conversions)
  if (field instanceof protobuf.MapField) {
    const keyOf = field.keyType.includes('64') ? longKeyOf(field.keyType) : (key: string) => key
    return (value) => {
      const entries = Object.entries(value as object)
      countValues(conversions, entries.length)
      return Object.fromEntries(entries.map(([key, item]) => [keyOf(key), convert(item)]))
    }
  }
  if (!field.repeated) return convert
  return (value) => {
    const items = value as unknown[]
    countValues(conversions, items.length)
    return items.map(convert)
  }
}

function valueConversion({ type, resolvedType }: Field, conversions: Conversions): Convert {
  if (resolvedType instanceof protobuf.Enum) {
    const { valuesById } = resolvedType
    return (value) => valuesById[value as number] ?? value
  }
  if (resolvedType !== null) return conversionOf(resolvedType, conversions)
  if (type === 'bytes') return toBase64
  return type.includes('64') ? fromLong : asIs
}

const asIs: Convert = (value) => value

/** protobufjs's default for bytes is an empty array. */
function toBase64(value: unknown): string {
  return Buffer.from(value as Uint8Array).toString('base64')
}

function fromLong(value: unknown): number | string {
  const number = (value as Long).toNumber()
  return Number.isSafeInteger(number) ? number : (value as Long).toString()
}

/** protobufjs represents a 64-bit key as eight characters of one byte each, and an omitted key as '0'. */
function longKeyOf(type: string): (key: string) => string {
  const isUnsigned = type === 'uint64' || type === 'fixed64'
  return (key) => (key.length === 8 ? String(protobuf.util.longFromHash(key, isUnsigned)) : key)
}

const valueField = ({ value }: { readonly value: unknown }) => value

/** A Value. Its fields are named as in protobufjs, `stringValue`, or as in a registered struct.proto, `string_value`. */
type Dynamic = Readonly<Record<string, unknown>>
type Struct = { readonly fields: Readonly<Record<string, Dynamic>> }
type List = { readonly values: readonly Dynamic[] }

const fromStruct = ({ fields }: Struct): unknown =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fromDynamic(value)]))

const fromList = ({ values }: List): unknown => values.map(fromDynamic)

function fromDynamic(own: Dynamic): unknown {
  const kind = String(own.kind)
  if (kind.startsWith('struct')) return fromStruct(own[kind] as Struct)
  if (kind.startsWith('list')) return fromList(own[kind] as List)
  return kind.startsWith('null') ? null : (own[kind] ?? null)
}

type DateParts = Readonly<Record<'year' | 'month' | 'day', number>>
type ClockParts = Readonly<Record<'hours' | 'minutes' | 'seconds' | 'nanos', number>>

/** By full name of the message type; the parameter is its decoded message. */
const KNOWN: ReadonlyMap<string, (message: never) => unknown> = new Map<string, (message: never) => unknown>([
  ['.google.protobuf.Timestamp', (message: SecondsAndNanos) => isoOf(timestampMs(message))],
  ['.google.protobuf.Duration', ({ seconds, nanos }: SecondsAndNanos) => seconds.toNumber() * 1e3 + nanos / 1e6],
  ['.google.protobuf.Int64Value', ({ value }: { readonly value: Long }) => fromLong(value)],
  ['.google.protobuf.UInt64Value', ({ value }: { readonly value: Long }) => fromLong(value)],
  ['.google.protobuf.BytesValue', ({ value }: { readonly value: Uint8Array }) => toBase64(value)],
  ...['Double', 'Float', 'Int32', 'UInt32', 'Bool', 'String'].map(
    (kind) => [`.google.protobuf.${kind}Value`, valueField] as const,
  ),
  ['.google.protobuf.Struct', fromStruct],
  ['.google.protobuf.ListValue', fromList],
  ['.google.protobuf.Value', fromDynamic],
  [
    '.google.type.Date',
    // 0 for a part that the date does not have: then it is no time.
    ({ year, month, day }: DateParts) =>
      [String(year).padStart(4, '0'), ...[month, day].map((part) => String(part).padStart(2, '0'))].join('-'),
  ],
  [
    '.google.type.TimeOfDay',
    ({ hours, minutes, seconds, nanos }: ClockParts) => ((hours * 60 + minutes) * 60 + seconds) * 1e3 + nanos / 1e6,
  ],
  [
    '.confluent.type.Decimal',
    ({ value, scale }: { readonly value: Uint8Array; readonly scale: number }) => decimalOf(value, scale),
  ],
])

interface SecondsAndNanos {
  readonly seconds: Long
  readonly nanos: number
}

/** Whole ms: as a double with a fraction, the latest Timestamp, in the year 9999, rounds up to the year 10000. */
const timestampMs = ({ seconds, nanos }: SecondsAndNanos) => seconds.toNumber() * 1e3 + Math.floor(nanos / 1e6)
