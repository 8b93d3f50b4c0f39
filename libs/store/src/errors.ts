import { OutflowError } from '@outflow/errors'

/** The store did not answer, or gave up for a reason that passes; the same act may succeed later. */
export class StoreUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_STORE_UNAVAILABLE'
  override readonly retryable = true
}

/** The store answered and said no: a statement, a permission or a value that it will refuse again. */
export class StoreRefused extends OutflowError {
  readonly code = 'OUTFLOW_STORE_REFUSED'
}

/** A migration that was applied reads otherwise now, or one that was applied is not among the files. */
export class MigrationChanged extends OutflowError {
  readonly code = 'OUTFLOW_STORE_MIGRATION_CHANGED'
}

/** A model's bytes are not those that were stored. */
export class ModelDamaged extends OutflowError {
  readonly code = 'OUTFLOW_STORE_MODEL_DAMAGED'
}

/** No model of that id is stored for the pipeline. */
export class ModelUnknown extends OutflowError {
  readonly code = 'OUTFLOW_STORE_MODEL_UNKNOWN'
}

/** The broker says that rows were sent which this database never numbered: it was restored or replaced. */
export class OutboxRewound extends OutflowError {
  readonly code = 'OUTFLOW_STORE_OUTBOX_REWOUND'
}
