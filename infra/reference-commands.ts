import { makeTerminal } from '@outflow/terminal'
import type { Command } from 'commander'
import { makeProgram } from '../services/cli/src/program.js'

/** The help of each command, as a page in Markdown. */
export async function commandReference(): Promise<string> {
  const program = await makeProgram({ terminal: makeTerminal(process), exitCode: 0 }, null)
  const commands = program.commands.flatMap(withInner)
  return [
    '# Command options',
    '',
    'Generated from the commands by `npm run docs:reference`: what `npx outflow COMMAND --help` prints. [Commands](commands.md) shows their output.',
    ...commands.flatMap((command) => ['', `## ${pathOf(command)}`, '', '```', helpOf(command), '```']),
    '',
  ].join('\n')
}

const withInner = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(withInner)]

const pathOf = (command: Command): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => {
      text += part
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text.trim()
}

const WIDTH = 100
