import { OutflowError } from '@outflow/errors'

/** A service of the demo logged an error: what the demo shows would not be true. */
export class DemoFailed extends OutflowError {
  readonly code = 'OUTFLOW_DEMO_FAILED'
}
