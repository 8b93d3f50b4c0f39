import { OutflowError } from '@outflow/errors'

/**
 * Rows, contexts, weights or settings of a flow do not fit each other.
 * @fix Use the same encoder for fitting and scoring; correct what the message names.
 */
export class ShapeError extends OutflowError {
  readonly code = 'OUTFLOW_FLOW_SHAPE'
}

/**
 * A number given to a flow, or a likelihood that it computed, is NaN or infinite.
 * @fix Look at the row that the message names; if it is normal, fit a new model.
 */
export class NotFiniteError extends OutflowError {
  readonly code = 'OUTFLOW_FLOW_NOT_FINITE'
}

/**
 * The requested TensorFlow.js backend does not load on this machine.
 * @fix Run `npm run setup:tensorflow`, or fit on WebAssembly.
 */
export class BackendUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_BACKEND_UNAVAILABLE'
}

/**
 * The fit was cancelled by a shutdown or by its caller.
 * @fix Nothing; the next schedule fits again.
 */
export class FitCancelled extends OutflowError {
  readonly code = 'OUTFLOW_FIT_CANCELLED'
}

/**
 * The process of a fit ended without a flow: it was killed, ran out of memory or could not start.
 * @fix Read its last output in the message; give it more memory.
 */
export class FitFailed extends OutflowError {
  readonly code = 'OUTFLOW_FIT_FAILED'
  override readonly retryable = true
}

/**
 * The weights of a flow are truncated or were changed after they were written.
 * @fix Copy them again from where they were stored, or fit a new flow.
 */
export class WeightsDamaged extends OutflowError {
  readonly code = 'OUTFLOW_WEIGHTS_DAMAGED'
}

/**
 * The bytes are not the weights of a flow of outflow.
 * @fix Name a file that outflow wrote.
 */
export class WeightsForeign extends OutflowError {
  readonly code = 'OUTFLOW_WEIGHTS_FOREIGN'
}

/**
 * The weights have the format of a later outflow.
 * @fix Upgrade outflow, or fit a new flow.
 */
export class WeightsVersionUnknown extends OutflowError {
  readonly code = 'OUTFLOW_WEIGHTS_VERSION_UNKNOWN'
}
