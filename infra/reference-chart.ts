import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { keysOf, type Schema, table, valueAt } from './reference-schema.js'

const CHART = new URL('./helm/', import.meta.url)

/** The Markdown table of every value of the Helm chart, from values.schema.json and values.yaml. */
export function chartValues(): readonly string[] {
  const schema = JSON.parse(readFileSync(new URL('values.schema.json', CHART), 'utf8')) as Schema
  const defaults: unknown = parse(readFileSync(new URL('values.yaml', CHART), 'utf8'))
  const rows = keysOf(schema).map(({ path, values, required, schema: { description = '', properties } }) => {
    const isShown = properties === undefined && !required
    return [
      `\`${path.join('.')}\``,
      values,
      required ? 'required' : isShown ? shown(valueAt(defaults, path)) : '',
      description,
    ]
  })
  return table(['value', 'values', 'default', 'meaning'], rows)
}

function shown(value: unknown): string {
  if (value === '') return ''
  return `\`${JSON.stringify(value).replaceAll('"', '').replaceAll(':', ': ').replaceAll(',', ', ')}\``
}
