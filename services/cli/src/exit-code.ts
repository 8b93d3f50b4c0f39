import { toOutflowError, UserError } from '@outflow/errors'
import { oneLine } from '@outflow/terminal'
import { Interrupted } from './interrupt.js'

/** 0 done; 1 failed; 2 bad usage or bad input, which the same command cannot fix by being repeated. */
export type ExitCode = 0 | 1 | 2

export function exitCodeOf(thrown: unknown): ExitCode {
  return thrown instanceof UserError ? 2 : 1
}

/**
 * The text that is printed for an error: its message in one line, and the code unless the command line or the input is the cause.
 * OUTFLOW_DEBUG adds the stack.
 */
export function describeError(thrown: unknown, environment: NodeJS.ProcessEnv = process.env): string {
  const error = toOutflowError(thrown)
  const isOwn = thrown instanceof UserError || thrown instanceof Interrupted
  const code = isOwn ? '' : ` [${error.code}]`
  const line = `outflow: ${oneLine(joinLines(error.message))}${code}`
  return environment.OUTFLOW_DEBUG ? `${line}\n${stackOf(error)}` : line
}

/** Joins the lines of a message. Without a pattern for the blanks around line breaks: it would take quadratic time where a message quotes a long value. */
function joinLines(message: string): string {
  return message
    .replaceAll(/:\n\s*/g, ': ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ')
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
