import { outflowVersion } from '@outflow/contracts'
import type { Command } from 'commander'
import type { CommandContext } from './command-context.js'
import { addCompletion } from './commands/completion.js'
import { OutflowCommand } from './outflow-command.js'

/** A command: the summary is what `outflow --help` prints of it; options, action and libraries are in its module. */
interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<CommandModule>
}

/** What each module of `commands/` exports: gives a command, or a group, its description, options and action. */
interface CommandModule {
  readonly define: (command: Command, context: CommandContext) => void
}

const COMMANDS: Readonly<Record<string, readonly CommandEntry[]>> = {
  'To begin:': [
    { name: 'demo', summary: 'watch it work on 20,000 real flights', load: () => import('./commands/demo.js') },
    {
      name: 'init',
      summary: 'write an outflow.yaml from a look at a topic or a file',
      load: () => import('./commands/init.js'),
    },
  ],
  'Files, without Kafka and Postgres:': [
    { name: 'train', summary: 'fit a model to the records of a file', load: () => import('./commands/train.js') },
    { name: 'score', summary: 'score the records of a file', load: () => import('./commands/score.js') },
    { name: 'explain', summary: 'say why records are improbable', load: () => import('./commands/explain.js') },
    { name: 'sample', summary: 'make synthetic normal records', load: () => import('./commands/sample.js') },
  ],
  'Streams:': [
    { name: 'run', summary: 'run a service, or all of them', load: () => import('./commands/run.js') },
    { name: 'migrate', summary: 'bring the database schema up to date', load: () => import('./commands/migrate.js') },
    { name: 'doctor', summary: 'check what a pipeline needs', load: () => import('./commands/doctor.js') },
    { name: 'status', summary: 'say how a pipeline stands', load: () => import('./commands/status.js') },
    { name: 'top', summary: 'watch how pipelines stand, live', load: () => import('./commands/top.js') },
    {
      name: 'models',
      summary: 'look at the models of a pipeline, and change which one scores',
      load: () => import('./commands/models.js'),
    },
    { name: 'retrain', summary: 'ask the trainer for a new model', load: () => import('./commands/retrain.js') },
    {
      name: 'rescore',
      summary: 'score a past range again, and say what would have changed',
      load: () => import('./commands/rescore.js'),
    },
    {
      name: 'dead-letters',
      summary: 'look at rejected records, and send them again',
      load: () => import('./commands/dead-letters.js'),
    },
    { name: 'verdict', summary: 'say whether an anomaly was one', load: () => import('./commands/verdict.js') },
    {
      name: 'suppress',
      summary: 'hide alerts that you expect, until a day',
      load: () => import('./commands/suppress.js'),
    },
    {
      name: 'preview',
      summary: 'say how many alerts a configuration would have sent',
      load: () => import('./commands/preview.js'),
    },
    {
      name: 'export',
      summary: 'write stored anomalies to Parquet or CSV',
      load: () => import('./commands/export.js'),
    },
    {
      name: 'webhooks',
      summary: 'try webhooks, see how they do, send again what was given up',
      load: () => import('./commands/webhooks.js'),
    },
    {
      name: 'schema',
      summary: 'print the JSON Schema of outflow.yaml, or of an event',
      load: () => import('./commands/schema.js'),
    },
    { name: 'token', summary: 'make a bearer token for the console', load: () => import('./commands/token.js') },
  ],
}

/**
 * Makes the command line; parsing it runs the command. Only the modules of commands that a word names are loaded, so that `--help`
 * and the completion of a shell answer at once.
 *
 * @param words  what will be parsed; null: every module is loaded
 */
export async function makeProgram(context: CommandContext, words: readonly string[] | null): Promise<Command> {
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
  for (const [heading, entries] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading)
    for (const { name, summary, load } of entries) {
      const command = program.command(name).summary(summary).description(summary)
      if (words === null || words.includes(name)) (await load()).define(command, context)
    }
  }
  program.commandsGroup('Your shell:')
  addCompletion(program, context)
  return program
}
