import { setImmediate } from 'node:timers/promises'
import { makeTerminal } from '@outflow/terminal'
import { CommanderError } from 'commander'
import type { CommandContext } from './command-context.js'
import { FileUnavailable } from './errors.js'
import { describeError, type ExitCode, exitCodeOf } from './exit-code.js'
import { makeProgram } from './program.js'

/**
 * Runs the command that `argv` names; nothing is thrown.
 *
 * @param argv  as in Node: the first two entries are the program
 * @returns the exit code
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
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
  } finally {
    // A failed write to stdout is reported in this turn of the event loop.
    await setImmediate()
  }
}

process.stdout.on('error', exitOnStreamError)
process.stderr.on('error', exitOnStreamError)

/** `outflow score … | head` closes the pipe once `head` has read enough: that is not a failure. A full disk is one. */
function exitOnStreamError(this: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') {
    // The reader of a service's log has ended, perhaps by the same Ctrl-C: the service drains, as after its terminal was closed.
    if (process.argv[2] === 'run' && process.emit('SIGHUP', 'SIGHUP')) return
    process.exit(0)
  }
  // The terminal was closed: a service drains after its SIGHUP.
  if (error.code === 'EIO' && this.isTTY) return
  const failure = new FileUnavailable('write', this === process.stdout ? 'stdout' : 'stderr', error)
  process.stderr.write(`${describeError(failure)}\n`)
  process.exit(exitCodeOf(failure))
}
