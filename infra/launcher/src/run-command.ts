import { type ExecFileOptions, execFile } from 'node:child_process'
import { ComponentStartFailed } from './errors.js'

interface CommandOptions extends ExecFileOptions {
  /** Selects the cause from the output of a failed program. Default: the last five lines. */
  readonly reasonOf?: (printed: string) => string
}

/**
 * Runs a program until it ends and returns what it prints on stderr.
 *
 * @throws {ComponentStartFailed} when it cannot be run or exits with a code other than 0; the message ends with the
 *   cause from its output
 */
export function runCommand(
  command: string,
  args: readonly string[],
  { reasonOf = (printed) => lastLines(printed, 5), ...options }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      [...args],
      { maxBuffer: 16 * 1024 * 1024, ...options, encoding: 'utf8' },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stderr)
        if (options.signal?.aborted) return reject(options.signal.reason)
        const reason = reasonOf(`${stdout}\n${stderr}`)
        const what =
          error.code === 'ENOENT' ? `${command}: not found` : `${command} failed (${error.code ?? error.signal})`
        reject(new ComponentStartFailed(reason === '' ? what : `${what}: ${reason}`, { cause: error }))
      },
    )
  })
}

/** The last lines that are not blank. @param count  default: 12, for the log of a server */
export function lastLines(text: string, count = 12): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n')
}
