import { makeTerminal } from '@outflow/terminal'
import type { Command } from 'commander'
import { makeProgram } from '../services/cli/src/program.js'

/** The help of each command as a section in Markdown, without the option and the command that print it. */
export async function commandOptions(): Promise<readonly string[]> {
  const program = await makeProgram({ terminal: makeTerminal(process), exitCode: 0 }, null)
  const listed = program.createHelp().visibleCommands(program)
  return program.commands
    .filter((command) => listed.includes(command))
    .flatMap(withInner)
    .flatMap((command) => ['', `## ${pathOf(command)}`, '', '```', withoutExamplesOfGroup(command), '```'])
    .slice(1)
}

/** A group's examples are printed by the help of each of its commands too; on the page they are printed once. */
function withoutExamplesOfGroup(command: Command): string {
  const help = helpOf(command)
  const [examples] = (command.parent?.parent && /\n\nExamples:\n[\s\S]*$/.exec(helpOf(command.parent))) || ['']
  return help.endsWith(examples) ? help.slice(0, help.length - examples.length) : help
}

const withInner = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(withInner)]

const pathOf = (command: Command): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()

function helpOf(command: Command): string {
  let text = ''
  command.helpOption(false).helpCommand(false)
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
