import { OutflowError, UserError } from '@outflow/errors'

/** There are too few records to fit and calibrate a model. */
export class TooFewRecords extends UserError {
  readonly code = 'OUTFLOW_TOO_FEW_RECORDS'
}

/** A model artefact that was once ours and is no longer whole: truncated or changed. */
export class ModelDamaged extends OutflowError {
  readonly code = 'OUTFLOW_MODEL_DAMAGED'
}

/** Bytes that are not a model artefact of ours. */
export class ModelForeign extends OutflowError {
  readonly code = 'OUTFLOW_MODEL_FOREIGN'
}

/** A model artefact in a format that a later outflow wrote. */
export class ModelVersionUnknown extends OutflowError {
  readonly code = 'OUTFLOW_MODEL_VERSION_UNKNOWN'
}

/** A model could not be opened in its thread, or a record of a batch causes an error while it is scored. */
export class ScoringFailed extends OutflowError {
  readonly code = 'OUTFLOW_SCORING_FAILED'
}

/** The thread that a model scores in ended, or could not begin. */
export class ScoringThreadEnded extends OutflowError {
  readonly code = 'OUTFLOW_SCORING_THREAD_ENDED'
}
