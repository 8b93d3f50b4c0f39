import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { CommandContext } from './commands/command-context.js'
import { addExplain } from './commands/explain.js'
import { addSample } from './commands/sample.js'
import { addScore } from './commands/score.js'
import { addTrain } from './commands/train.js'

/** The whole command line; parsing it runs the command. */
export function makeProgram(context: CommandContext): Command {
  const program = new Command('outflow')
    .description('Says of every record of a stream or a file how improbable it is, and why.')
    .version(version(), '-V, --version', 'print the version')
    .configureOutput({
      writeErr: (text) => context.terminal.say(text.trimEnd()),
      outputError: (text, write) =>
        write(
          `outflow: ${text
            .replace(/^error: /, '')
            .trim()
            .replaceAll(/\s*\n\s*/g, ' ')}`,
        ),
    })
    .showHelpAfterError(false)
    .exitOverride()
    .helpCommand(true)
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 1 failed; 2 bad usage or bad input.
\`outflow COMMAND --help\` shows examples.`,
    )
  program.commandsGroup('Files, without Kafka and Postgres:')
  addTrain(program, context)
  addScore(program, context)
  addExplain(program, context)
  addSample(program, context)
  return program
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String((manifest as { version: unknown }).version)
}
