import { outflowVersion } from '@outflow/contracts'
import type { Command } from 'commander'
import type { CommandContext } from './command-context.js'
import { addCompletion } from './commands/completion.js'
import { addDeadLetters } from './commands/dead-letters/command.js'
import { addDemo } from './commands/demo.js'
import { addDoctor } from './commands/doctor/command.js'
import { addExplain } from './commands/explain/command.js'
import { addExport } from './commands/export/command.js'
import { addInit } from './commands/init/command.js'
import { addMigrate } from './commands/migrate/command.js'
import { addModels } from './commands/models/command.js'
import { addPreview } from './commands/preview/command.js'
import { addRescore } from './commands/rescore/command.js'
import { addRetrain } from './commands/retrain/command.js'
import { addRun } from './commands/run/command.js'
import { addSample } from './commands/sample/command.js'
import { addSchema } from './commands/schema/command.js'
import { addScore } from './commands/score/command.js'
import { addStatus } from './commands/status/command.js'
import { addSuppress } from './commands/suppress/command.js'
import { addToken } from './commands/token.js'
import { addTrain } from './commands/train/command.js'
import { addVerdict } from './commands/verdict/command.js'
import { addWebhooks } from './commands/webhooks/command.js'
import { OutflowCommand } from './outflow-command.js'

/** The whole command line; parsing it runs the command. */
export function makeProgram(context: CommandContext): Command {
  const program = new OutflowCommand('outflow')
    .description('Scores how improbable each record of a stream or a file is, and explains why.')
    .version(outflowVersion(), '-V, --version', 'print the version')
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
  program.commandsGroup('Start:')
  addDemo(program, context)
  addInit(program, context)
  program.commandsGroup('Files (without Kafka and Postgres):')
  addTrain(program, context)
  addScore(program, context)
  addExplain(program, context)
  addSample(program, context)
  program.commandsGroup('Streams:')
  addRun(program, context)
  addMigrate(program, context)
  addDoctor(program, context)
  addStatus(program, context)
  addModels(program, context)
  addRetrain(program, context)
  addRescore(program, context)
  addDeadLetters(program, context)
  addVerdict(program, context)
  addSuppress(program, context)
  addPreview(program, context)
  addExport(program, context)
  addWebhooks(program, context)
  addSchema(program, context)
  addToken(program, context)
  program.commandsGroup('Shell:')
  addCompletion(program, context)
  return program
}
