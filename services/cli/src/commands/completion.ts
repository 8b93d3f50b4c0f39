import completions from '@bomb.sh/tab'
import tab from '@bomb.sh/tab/commander'
import type { CommandContext } from '../command-context.js'
import type { OutflowCommand } from '../outflow-command.js'

/** Adds `completion`, which prints a shell's script, and the hidden `complete`, which that script calls at each Tab. */
export function addCompletion(program: OutflowCommand, { terminal }: CommandContext): void {
  tab(program, { completionCommandName: 'completion' })
  named(program, 'completion')!
    .summary('print a completion script for bash, zsh, fish or PowerShell')
    .description('Prints a script for your shell that completes the commands, options and choices of outflow.')
    .examples(
      'outflow completion bash > ~/.local/share/bash-completion/completions/outflow',
      'outflow completion zsh > "${fpath[1]}/_outflow"',
      'outflow completion fish > ~/.config/fish/completions/outflow.fish',
      'outflow completion powershell | Out-String | Invoke-Expression',
    )
    .hook('postAction', ({ args: [shell] }) =>
      shell === 'bash' ? terminal.result(`${REGISTER_IN_BASH}\n`) : undefined,
    )
  named(program, 'complete')!.action(async (words: string[]) => {
    if (isFileExpected(program, words)) await terminal.result(`${COMPLETE_FILE_NAMES}\n`)
    else completions.parse(words)
  })
}

/** The library's script registers its function without `-o default`: bash would complete no file names. */
const REGISTER_IN_BASH = 'complete -o default -F __outflow_complete outflow'

/** Directive to the shell: complete file names. The library itself always disables them. */
const COMPLETE_FILE_NAMES = ':0'

/** Whether the last word, which is being typed, is the value of an option that takes a file. */
function isFileExpected(program: OutflowCommand, words: readonly string[]): boolean {
  const option = words.at(-2) ?? ''
  const command = words.reduce((found, word) => named(found, word) ?? found, program)
  return command.options.some(({ short, long, flags }) => [short, long].includes(option) && flags.includes('<file>'))
}

const named = (parent: OutflowCommand, name: string) =>
  parent.commands.find((command) => command.name() === name) as OutflowCommand | undefined
