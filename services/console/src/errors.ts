import { OutflowError } from '@outflow/errors'

/** What was asked of the console cannot be done as it was asked: answered with `status`, and the message for a person. */
export class RequestRefused extends OutflowError {
  readonly code = 'OUTFLOW_CONSOLE_REQUEST_REFUSED'

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 409 | 421 | 503,
    message: string,
  ) {
    super(message)
  }
}
