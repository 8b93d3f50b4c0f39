import { UserError } from '@outflow/errors'

/**
 * The configuration has invalid values.
 * @fix Each problem in the message names the key, the value found and what is allowed.
 */
export class ConfigInvalid extends UserError {
  readonly code = 'OUTFLOW_CONFIG_INVALID'
}
