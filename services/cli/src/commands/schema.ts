import { configSchema, EVENT_SCHEMAS, type EventType, eventJsonSchema } from '@outflow/contracts'
import { Option } from 'commander'
import type { CommandContext } from '../command-context.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Prints the JSON Schema of outflow.yaml, for completion and checks in an editor, or the schema of an event.',
    )
    .addOption(new Option('--event <type>', 'print the schema of this event').choices(Object.keys(EVENT_SCHEMAS)))
    .examples(
      'outflow schema > outflow.schema.json',
      'and as the first line of outflow.yaml:  # yaml-language-server: $schema=./outflow.schema.json',
      'outflow schema --event outflow.anomaly.v1',
    )
    .action(async ({ event }: { readonly event?: EventType }) => {
      const schema = event === undefined ? configJsonSchema() : eventJsonSchema(event)
      await terminal.result(`${JSON.stringify(schema, null, 2)}\n`)
    })
}

/**
 * The JSON Schema (2020-12) of outflow.yaml as it is written, for editors: keys with defaults may be left out, and `${NAME}` is
 * accepted where a text must have a form, a length or one of a list of values.
 */
export const configJsonSchema = (): unknown => allowVariables(configSchema.toJSONSchema({ io: 'input' }))

const VARIABLE = { pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}' }
const RULES = ['pattern', 'format', 'minLength', 'maxLength', 'enum']

function allowVariables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(allowVariables)
  if (node === null || typeof node !== 'object') return node
  const entries = Object.entries(node)
  if (!('type' in node) || node.type !== 'string') {
    // Variables are replaced in values, not in keys.
    return Object.fromEntries(
      entries.map(([key, value]) => [key, key === 'propertyNames' ? value : allowVariables(value)]),
    )
  }
  const rules = entries.filter(([key]) => RULES.includes(key))
  if (rules.length === 0) return node
  const others = entries.filter(([key]) => !RULES.includes(key))
  return { ...Object.fromEntries(others), anyOf: [Object.fromEntries(rules), VARIABLE] }
}
