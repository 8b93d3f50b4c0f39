import { outflowVersion } from '@outflow/contracts'
import type { CommandContext } from './command-context.js'
import { addCompletion } from './commands/completion.js'
import { requireDistinctFiles } from './files/distinct-files.js'
import { OutflowCommand } from './outflow-command.js'

/** Export of each module of `commands/`: adds the description, options and action to a command or group. */
interface CommandModule {
  readonly define: (command: OutflowCommand, context: CommandContext) => void
}

/** By heading: each command's summary, which `outflow --help` prints, and its module. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, readonly [string, () => Promise<CommandModule>]>>>> = {
  'Start:': {
    demo: ['run outflow on 20,000 real flights', () => import('./commands/demo.js')],
    init: ['write an outflow.yaml for a topic or a file', () => import('./commands/init.js')],
  },
  'Files (without Kafka and Postgres):': {
    train: ['fit a model to the records of a file', () => import('./commands/train.js')],
    score: ['score the records of a file', () => import('./commands/score.js')],
    explain: ['print why records are improbable', () => import('./commands/explain.js')],
    sample: ['make synthetic normal records', () => import('./commands/sample.js')],
  },
  'Streams:': {
    run: ['run a service, or all of them', () => import('./commands/run.js')],
    migrate: ['update the database schema', () => import('./commands/migrate.js')],
    doctor: ['check what a pipeline needs', () => import('./commands/doctor.js')],
    status: ['print the state of pipelines', () => import('./commands/status.js')],
    top: ['show the state of pipelines, live', () => import('./commands/top.js')],
    models: ['list the models of a pipeline, and change which one is active', () => import('./commands/models.js')],
    retrain: ['request a new model from the trainer', () => import('./commands/retrain.js')],
    rescore: ['score a past range again, and print what would have changed', () => import('./commands/rescore.js')],
    'dead-letters': ['list rejected records, and resend them', () => import('./commands/dead-letters.js')],
    anomalies: ['list stored anomalies, or follow new ones', () => import('./commands/anomalies.js')],
    open: ["print the address of an anomaly's page", () => import('./commands/open.js')],
    verdicts: ['label anomalies and calibration records', () => import('./commands/verdicts.js')],
    suppress: ['hide expected alerts until a date', () => import('./commands/suppress.js')],
    preview: ['count the alerts that a configuration would have sent', () => import('./commands/preview.js')],
    export: ['write stored anomalies to Parquet or CSV', () => import('./commands/export.js')],
    analyst: ['make a login of Postgres for an analyst', () => import('./commands/analyst.js')],
    webhooks: ['test webhooks, list their state, resend events', () => import('./commands/webhooks.js')],
    schema: ['print the JSON Schema of outflow.yaml, or of an event', () => import('./commands/schema.js')],
    token: ['make a bearer token for the console', () => import('./commands/token.js')],
  },
}

/**
 * Makes the command line; parsing it runs the command. Only the modules of commands in `words` are loaded, so that `--help`
 * and the completion of a shell answer at once.
 *
 * @param words  words to be parsed; null: every module is loaded
 */
export async function makeProgram(context: CommandContext, words: readonly string[] | null): Promise<OutflowCommand> {
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
    .exitOverride()
    .hook('preAction', (_, command) => requireDistinctFiles(command))
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 1 failed; 2 bad usage or bad input.
\`outflow COMMAND --help\` shows examples.`,
    )
  for (const [heading, entries] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading)
    for (const [name, [summary, load]] of Object.entries(entries)) {
      const command = program.command(name).summary(summary).description(summary)
      if (words === null || words.includes(name)) (await load()).define(command, context)
    }
  }
  program.commandsGroup('Shell:')
  addCompletion(program, context)
  return program
}
