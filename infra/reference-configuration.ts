import { configSchema } from '@outflow/contracts'
import { isDuration, isSize, keysOf, type Schema, table, valueAt } from './reference-schema.js'

/** The Markdown table of every key of outflow.yaml, its values, default and description, from the zod schema. */
export function configurationKeys(): readonly string[] {
  const keys = keysOf(configSchema.toJSONSchema({ io: 'input' }) as Schema)
  const rows = keys.map(({ path, values, required, schema }) => {
    const fallback = required ? 'required' : defaultAt(path, schema)
    return [`\`${path.join('.')}\``, values, fallback, schema.description ?? '']
  })
  return table(['key', 'values', 'default', 'meaning'], rows)
}

/** A configuration with the required keys only: the parse adds all defaults, with durations and sizes as numbers. */
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
  const value = valueAt(DEFAULTS, path) ?? schema.default
  if (value === undefined || schema.type === 'object' || isEmpty(value)) return ''
  if (isDuration(schema)) return `\`${asDuration(Number(value))}\``
  if (isSize(schema)) return `\`${Number(value) / 1024 ** 2}MiB\``
  return `\`${JSON.stringify(value).replaceAll('"', '')}\``
}

/** A list whose items are objects has no default that a cell could show. */
function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && (value.length === 0 || typeof value[0] === 'object')
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
