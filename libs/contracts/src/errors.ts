import { UserError } from '@outflow/errors'

/**
 * The configuration cannot be read, is not YAML, or has invalid values.
 * @fix The message names the file, and for each problem the line or the key, what was found and what is allowed.
 */
export class ConfigInvalid extends UserError {
  readonly code = 'OUTFLOW_CONFIG_INVALID'
}
