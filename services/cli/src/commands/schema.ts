import type { Command } from 'commander'
import type { CommandContext } from './command-context.js'

export function addSchema(program: Command, { terminal }: CommandContext): void {
  program
    .command('schema')
    .summary('print the JSON Schema of outflow.yaml')
    .description('Prints the JSON Schema of outflow.yaml, with which an editor completes and checks it.')
    .addHelpText(
      'after',
      `
Example:
  outflow schema > outflow.schema.json
  and as the first line of outflow.yaml:  # yaml-language-server: $schema=./outflow.schema.json`,
    )
    .action(async () => {
      const { configJsonSchema } = await import('../config-json-schema.js')
      await terminal.result(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
    })
}
