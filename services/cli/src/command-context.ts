import type { Terminal } from '@outflow/terminal'
import type { ExitCode } from './exit-code.js'

/** What a command receives, and the exit code that it sets without throwing. */
export interface CommandContext {
  readonly terminal: Terminal
  exitCode: ExitCode
}

/** Prints a result on stdout: as one line of JSON with --json, else as text. */
export function printResult(terminal: Terminal, json: true | undefined, value: unknown, text: string): Promise<void> {
  return json ? printJson(terminal, value) : terminal.result(`${text}\n`)
}

export function printJson({ result }: Terminal, value: unknown): Promise<void> {
  return result(`${JSON.stringify(value)}\n`)
}
