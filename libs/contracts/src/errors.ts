import { UserError } from '@outflow/errors'

/** outflow.yaml says something that it may not: each problem names its key, what was found and what is allowed. */
export class ConfigInvalid extends UserError {
  readonly code = 'OUTFLOW_CONFIG_INVALID'
}
