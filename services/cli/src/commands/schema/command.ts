import { EVENT_SCHEMAS, type EventType, eventJsonSchema } from '@outflow/contracts'
import { type Command, Option } from 'commander'
import type { CommandContext } from '../../command-context.js'

export function addSchema(program: Command, { terminal }: CommandContext): void {
  program
    .command('schema')
    .summary('print the JSON Schema of outflow.yaml, or of an event')
    .description(
      'Prints the JSON Schema of outflow.yaml, for completion and checks in an editor, or the schema of an event.',
    )
    .addOption(new Option('--event <type>', 'print the schema of this event').choices(Object.keys(EVENT_SCHEMAS)))
    .addHelpText(
      'after',
      `
Examples:
  outflow schema > outflow.schema.json
  and as the first line of outflow.yaml:  # yaml-language-server: $schema=./outflow.schema.json
  outflow schema --event outflow.anomaly.v1`,
    )
    .action(async ({ event }: { readonly event?: EventType }) => {
      const { configJsonSchema } = await import('./config-json-schema.js')
      const schema = event === undefined ? configJsonSchema() : eventJsonSchema(event)
      await terminal.result(`${JSON.stringify(schema, null, 2)}\n`)
    })
}
