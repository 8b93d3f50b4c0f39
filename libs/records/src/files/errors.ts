import { UserError } from '@outflow/errors'

/**
 * A file of records or a model file is not in its format, or breaks the contract of the features.
 * @fix Correct the line and field that the message names.
 */
export class InputInvalid extends UserError {
  readonly code = 'OUTFLOW_INPUT_INVALID'

  constructor(file: string, line: number | null, problem: string, cause?: unknown) {
    const place = line === null ? file : `${file}, line ${line}`
    super(`${place}: ${problem}`, { cause, values: { file, line } })
  }
}
