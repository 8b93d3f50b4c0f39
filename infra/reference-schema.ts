/** The parts of JSON Schema that the configuration and the events use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly description?: string
}

interface Key {
  readonly path: readonly string[]
  /** The allowed values, as text. */
  readonly values: string
  readonly required: boolean
  readonly schema: Schema
}

/** Every key of an object with those inside it, in the order of the schema. */
export function keysOf(schema: Schema, path: readonly string[] = []): readonly Key[] {
  const required = new Set(schema.required)
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const own = [...path, name]
    const inner = variantsOf(property).flatMap((variant) => keysOf(variant, own))
    return [{ path: own, values: valuesOf(property), required: required.has(name), schema: property }, ...merged(inner)]
  })
}

/** The schemas whose keys an object, or the items of a list, may have. */
function variantsOf(schema: Schema): readonly Schema[] {
  const { items, anyOf = [], oneOf = [] } = schema
  return [schema, ...[...anyOf, ...oneOf, ...(items === undefined ? [] : [items])].flatMap(variantsOf)]
}

/** Merges the keys that several variants of an object share into one, with the values of all. */
function merged(keys: readonly Key[]): readonly Key[] {
  const byPath = new Map<string, Key>()
  for (const key of keys) {
    const name = key.path.join('.')
    const other = byPath.get(name)
    const values = other === undefined ? [key.values] : [...new Set([other.values, key.values])]
    byPath.set(name, { ...key, ...other, values: values.join(', ') })
  }
  return [...byPath.values()]
}

function valuesOf(schema: Schema): string {
  const { type, anyOf, oneOf, items, prefixItems, minimum, exclusiveMinimum, maximum } = schema
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  const variants = anyOf ?? oneOf ?? (Array.isArray(type) ? type.map((one: string) => ({ type: one })) : undefined)
  if (variants !== undefined) return [...new Set(variants.map(valuesOf))].join(' or ')
  if (prefixItems !== undefined) return `list of ${prefixItems.length} ${prefixItems.map(valuesOf)[0]}s`
  if (type === 'array') return `list of ${items === undefined ? 'values' : valuesOf(items)}`
  if (isDuration(schema)) return 'duration, such as `90s` or `1h`'
  if (isSize(schema)) return 'size, such as `1MiB`'
  if (schema.format === 'date-time') return 'time, ISO 8601'
  if (type === 'integer' || type === 'number') {
    const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : (minimum ?? exclusiveMinimum)
    const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
    const above = exclusiveMinimum === undefined ? '' : 'above '
    const range = least === undefined ? '' : most === undefined ? ` ≥ ${least}` : `, ${above}${least} to ${most}`
    return `${type}${range}`
  }
  return type === undefined ? 'value' : String(type)
}

export const isDuration = ({ pattern }: Schema): boolean => pattern?.includes('(ms|s|m|h|d)') ?? false

export const isSize = ({ pattern }: Schema): boolean => pattern?.includes('KiB') ?? false

/** The value at a path; undefined where there is none. */
export const valueAt = (root: unknown, path: readonly string[]): unknown =>
  path.reduce((at, name) => (Object.hasOwn(Object(at), name) ? Object(at)[name] : undefined), root)

/** The lines of a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)]
}
