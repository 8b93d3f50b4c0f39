import { parseArgs } from 'node:util'

type Options<Defaults> = {
  readonly [Name in keyof Defaults]: Defaults[Name] extends number
    ? number
    : Defaults[Name] extends boolean
      ? boolean
      : Defaults[Name] extends null
        ? string | undefined
        : string
}

/** The options of a bench, and `--json FILE` of every bench. @param defaults  a number: the option is one; null: a text that may be absent */
export function benchOptions<Defaults extends Readonly<Record<string, number | boolean | string | null>>>(
  defaults: Defaults,
): Options<Defaults & { readonly json: null }> {
  const options = Object.entries({ json: null, ...defaults }).map(([name, value]) =>
    typeof value === 'boolean'
      ? ([name, { type: 'boolean', default: value }] as const)
      : ([name, { type: 'string', ...(value !== null && { default: String(value) }) }] as const),
  )
  const given = Object.entries(parseArgs({ options: Object.fromEntries(options) }).values)
  const values = given.map(([name, value]) => [name, typeof defaults[name] === 'number' ? Number(value) : value])
  return Object.fromEntries(values)
}
