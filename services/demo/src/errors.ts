import { OutflowError } from '@outflow/errors'

/**
 * A service of the demo logged an error, so its results would be wrong.
 * @fix The message names the service and the error; report it.
 */
export class DemoFailed extends OutflowError {
  readonly code = 'OUTFLOW_DEMO_FAILED'
}
