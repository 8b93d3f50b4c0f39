import { configSchema } from '@outflow/contracts'

/** The Markdown table of every key of outflow.yaml, its values, default and description, from the zod schema. */
export function configurationReference(): string {
  const schema = configSchema.toJSONSchema({ io: 'input' }) as Schema
  const rows = keysOf(schema, [], new Set(schema.required)).map(({ path, values, fallback, text }) => {
    return `| \`${path}\` | ${values} | ${fallback} | ${text} |`
  })
  return [
    '# Configuration keys',
    '',
    'Generated from the schema by `npm run docs:reference`. [Configuration](configuration.md) has an annotated example.',
    '',
    '| key | values | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** The parts of JSON Schema that the configuration uses. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly description?: string
}

interface Key {
  readonly path: string
  readonly values: string
  readonly fallback: string
  readonly text: string
}

function keysOf(schema: Schema, path: readonly string[], required: ReadonlySet<string>): readonly Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const own = [...path, name]
    const key: Key = {
      path: own.join('.'),
      values: cell(valuesOf(property)),
      fallback: required.has(name) ? 'required' : cell(defaultAt(own, property)),
      text: cell(property.description ?? ''),
    }
    const inner = variantsOf(property).flatMap((variant) => keysOf(variant, own, new Set(variant.required)))
    return [key, ...merged(inner)]
  })
}

/** The schemas whose keys an object, or the items of a list, may have. */
function variantsOf(schema: Schema): readonly Schema[] {
  const { items, anyOf = [], oneOf = [] } = schema
  return [schema, ...[...anyOf, ...oneOf, ...(items === undefined ? [] : [items])].flatMap(variantsOf)]
}

/** One key for those that several variants of an object share, with the values of all. */
function merged(keys: readonly Key[]): readonly Key[] {
  const byPath = new Map<string, Key>()
  for (const key of keys) {
    const other = byPath.get(key.path)
    const values = other === undefined ? [key.values] : [...new Set([other.values, key.values])]
    byPath.set(key.path, { ...key, ...other, values: values.join(', ') })
  }
  return [...byPath.values()]
}

function valuesOf(schema: Schema): string {
  const { type, anyOf, oneOf, items, pattern, minimum, exclusiveMinimum, maximum } = schema
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  const variants = anyOf ?? oneOf
  if (variants !== undefined) return [...new Set(variants.map(valuesOf))].join(' or ')
  if (type === 'array') return `list of ${items === undefined ? 'values' : valuesOf(items)}`
  if (pattern?.includes('(ms|s|m|h|d)')) return 'duration, such as `90s` or `1h`'
  if (pattern?.includes('KiB')) return 'size, such as `1MiB`'
  if (type === 'integer' || type === 'number') {
    const least = minimum ?? exclusiveMinimum
    const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
    const above = exclusiveMinimum === undefined ? '' : 'above '
    const range = least === undefined ? '' : most === undefined ? ` ≥ ${least}` : `, ${above}${least} to ${most}`
    return `${type}${range}`
  }
  return type ?? 'value'
}

/** Only required keys: what a parse adds are the defaults, also those of durations and sizes. */
const DEFAULTS = configSchema.parse({
  pipeline: 'p',
  kafka: { brokers: ['localhost:9092'] },
  postgres: { url: 'postgres://localhost/p' },
  source: { topics: ['p'] },
  features: [{ path: '$.x', type: 'numeric' }],
  alerts: { topic: 'a' },
  deadLetters: { topic: 'd' },
})

function defaultAt(path: readonly string[], schema: Schema): string {
  const { pattern, type } = schema
  const inConfig = path.reduce<unknown>(
    (at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined),
    DEFAULTS,
  )
  const value = inConfig ?? schema.default
  if (value === undefined || type === 'object' || isEmpty(value)) return ''
  if (pattern?.includes('(ms|s|m|h|d)')) return `\`${asDuration(Number(value))}\``
  if (pattern?.includes('KiB')) return `\`${Number(value) / 1024 ** 2}MiB\``
  return `\`${JSON.stringify(value).replaceAll('"', '')}\``
}

/** A list whose items are objects has no default that a cell could show. */
function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && (value.length === 0 || isObject(value[0]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function asDuration(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1]
  return ms === 0 ? '0s' : `${ms / size}${unit}`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
