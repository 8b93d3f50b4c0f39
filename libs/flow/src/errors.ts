import { OutflowError } from '@outflow/errors'

/** A matrix, mask or spec does not have the shape that the flow needs. */
export class ShapeError extends OutflowError {
  readonly code = 'OUTFLOW_FLOW_SHAPE'
}

/** A number that went in or came out is NaN or infinite; no likelihood is given for it. */
export class NotFiniteError extends OutflowError {
  readonly code = 'OUTFLOW_FLOW_NOT_FINITE'
}

/** The wanted TensorFlow.js backend does not load on this machine. */
export class BackendUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_BACKEND_UNAVAILABLE'
}

/** The fit was cancelled through its AbortSignal; `cause` is the signal's reason. */
export class FitCancelled extends OutflowError {
  readonly code = 'OUTFLOW_FIT_CANCELLED'
}

/** The fit process ended without a flow: killed, out of memory, or unable to start. */
export class FitFailed extends OutflowError {
  readonly code = 'OUTFLOW_FIT_FAILED'
  override readonly retryable = true
}

/** Weights that were once ours and are no longer whole: truncated or changed. */
export class WeightsDamaged extends OutflowError {
  readonly code = 'OUTFLOW_WEIGHTS_DAMAGED'
}

/** Bytes that are not a flow of ours. */
export class WeightsForeign extends OutflowError {
  readonly code = 'OUTFLOW_WEIGHTS_FOREIGN'
}

/** A flow in a format that a later outflow wrote. */
export class WeightsVersionUnknown extends OutflowError {
  readonly code = 'OUTFLOW_WEIGHTS_VERSION_UNKNOWN'
}
