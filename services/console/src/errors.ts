import { OutflowError } from '@outflow/errors'

/**
 * A request to the console is not valid or not allowed.
 * @fix The message states the value and what is allowed.
 */
export class RequestRefused extends OutflowError {
  readonly code = 'OUTFLOW_CONSOLE_REQUEST_REFUSED'

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 421 | 503,
    message: string,
  ) {
    super(message)
  }
}
