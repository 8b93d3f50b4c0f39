import { makeTerminal } from '@outflow/terminal'
import { CommanderError } from 'commander'
import type { CommandContext } from './command-context.js'
import { describeError, type ExitCode, exitCodeOf } from './exit-code.js'
import { makeProgram } from './program.js'

/**
 * Runs the command that `argv` names; nothing is thrown.
 *
 * @param argv  as in Node: the first two entries are the program
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  exitOnBrokenPipe(process.stdout)
  exitOnBrokenPipe(process.stderr)
  const context: CommandContext = { terminal: makeTerminal(process), exitCode: 0 }
  try {
    const program = await makeProgram(context, argv)
    // Without a command, commander would print the help as an error.
    await program.parseAsync(argv.length > 2 ? argv : [...argv, '--help'])
    return context.exitCode
  } catch (thrown: unknown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    context.terminal.say(describeError(thrown))
    return exitCodeOf(thrown)
  }
}

/** `outflow score … | head` closes the pipe once `head` has read enough: that is not a failure. */
function exitOnBrokenPipe(stream: NodeJS.WriteStream): void {
  // A program that calls `main` again, as tests do, has the listener already.
  if (!stream.listeners('error').includes(onStreamError)) stream.on('error', onStreamError)
}

function onStreamError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}
