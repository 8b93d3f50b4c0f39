import { OutflowError, UserError } from '@outflow/errors'

/**
 * There are too few records to fit and calibrate a model.
 * @fix Wait for more records, or lengthen `training.window`.
 */
export class TooFewRecords extends UserError {
  readonly code = 'OUTFLOW_TOO_FEW_RECORDS'
}

/** A model artefact that cannot be opened. */
export abstract class ModelUnusable extends OutflowError {}

/**
 * A model artefact is truncated or was changed after it was written.
 * @fix Copy it again from where it was stored, or fit a new one.
 */
export class ModelDamaged extends ModelUnusable {
  readonly code = 'OUTFLOW_MODEL_DAMAGED'
}

/**
 * The bytes are not a model artefact of outflow.
 * @fix Name a file that `outflow train` wrote.
 */
export class ModelForeign extends ModelUnusable {
  readonly code = 'OUTFLOW_MODEL_FOREIGN'
}

/**
 * The model artefact has the format of a later outflow.
 * @fix Upgrade outflow, or fit a new model.
 */
export class ModelVersionUnknown extends ModelUnusable {
  readonly code = 'OUTFLOW_MODEL_VERSION_UNKNOWN'
}

/**
 * A model could not be opened, or a record of a batch causes an error while it is scored.
 * @fix Look at the dead letters with the reason `failed`; if there are none, promote another model.
 */
export class ScoringFailed extends OutflowError {
  readonly code = 'OUTFLOW_SCORING_FAILED'
}

/**
 * The thread that a model scores in ended, or could not start.
 * @fix Read the cause; give the process more memory and restart it.
 */
export class ScoringThreadEnded extends OutflowError {
  readonly code = 'OUTFLOW_SCORING_THREAD_ENDED'
}
