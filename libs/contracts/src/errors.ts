import { UserError } from '@outflow/errors'

/** outflow.yaml has invalid values: each problem names the key, the value found and what is allowed. */
export class ConfigInvalid extends UserError {
  readonly code = 'OUTFLOW_CONFIG_INVALID'
}
