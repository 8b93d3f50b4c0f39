import { ConfigInvalid } from '@outflow/contracts'
import { ModelDamaged, ModelForeign, ModelVersionUnknown, TooFewRecords } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import { ConfigSyntaxError, ConfigUnreadable } from '@outflow/runtime'
import { FileUnavailable, InputInvalid, UsageError } from './errors.js'

/** 0 done; 1 failed; 2 bad usage or bad input, which the same command can not mend by being repeated. */
export type ExitCode = 0 | 1 | 2

const BAD_INPUT = [
  UsageError,
  InputInvalid,
  FileUnavailable,
  ConfigInvalid,
  ConfigSyntaxError,
  ConfigUnreadable,
  ModelDamaged,
  ModelForeign,
  ModelVersionUnknown,
  TooFewRecords,
] as const

export function exitCodeOf(thrown: unknown): ExitCode {
  return BAD_INPUT.some((kind) => thrown instanceof kind) ? 2 : 1
}

/**
 * What a person reads of an error: its message in one line, and the code where it is none of the command's own input.
 * The stack is for whoever sets OUTFLOW_DEBUG.
 */
export function describeError(thrown: unknown, environment: NodeJS.ProcessEnv = process.env): string {
  const error = toOutflowError(thrown)
  const code = exitCodeOf(thrown) === 2 ? '' : ` [${error.code}]`
  const line = `outflow: ${oneLine(error.message)}${code}`
  return environment.OUTFLOW_DEBUG ? `${line}\n${stackOf(error)}` : line
}

const oneLine = (message: string): string => message.replace(/:?\n\s+/, ': ').replaceAll(/\s*\n\s*/g, '; ')

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
