import { type OutflowError, toOutflowError } from '@outflow/errors'

/** 0 done; 1 failed; 2 bad usage or bad input, which the same command can not fix by being repeated. */
export type ExitCode = 0 | 1 | 2

/** By code and not by class: a command that needs no Kafka, Postgres or TensorFlow does not load them. */
const BAD_INPUT: ReadonlySet<OutflowError['code']> = new Set([
  'OUTFLOW_USAGE',
  'OUTFLOW_INPUT_INVALID',
  'OUTFLOW_FILE_UNAVAILABLE',
  'OUTFLOW_CONFIG_INVALID',
  'OUTFLOW_CONFIG_SYNTAX',
  'OUTFLOW_CONFIG_UNREADABLE',
  'OUTFLOW_TOO_FEW_RECORDS',
  'OUTFLOW_STORE_ANOMALY_UNKNOWN',
])

export function exitCodeOf(thrown: unknown): ExitCode {
  return BAD_INPUT.has(toOutflowError(thrown).code) ? 2 : 1
}

/**
 * What a person reads of an error: its message in one line, and the code where it was not the person's own doing.
 * The stack is for whoever sets OUTFLOW_DEBUG.
 */
export function describeError(thrown: unknown, environment: NodeJS.ProcessEnv = process.env): string {
  const error = toOutflowError(thrown)
  const isOwn = exitCodeOf(thrown) === 2 || error.code === 'OUTFLOW_INTERRUPTED'
  const code = isOwn ? '' : ` [${error.code}]`
  const line = `outflow: ${oneLine(error.message)}${code}`
  return environment.OUTFLOW_DEBUG ? `${line}\n${stackOf(error)}` : line
}

/** Without a pattern for the blanks around a line end: it would take quadratic time where a message quotes a long value. */
function oneLine(message: string): string {
  const lines = message.replace(/:?\n\s+/, ': ').split('\n')
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ')
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
