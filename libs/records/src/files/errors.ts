import { UserError } from '@outflow/errors'

/** A file of records breaks its form or its contract: the message names the file, the line and the field. */
export class InputInvalid extends UserError {
  readonly code = 'OUTFLOW_INPUT_INVALID'

  constructor(file: string, line: number | null, problem: string, cause?: unknown) {
    const place = line === null ? file : `${file}, line ${line}`
    super(`${place}: ${problem}`, { cause, values: { file, line } })
  }
}
