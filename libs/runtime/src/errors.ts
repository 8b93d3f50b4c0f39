import { OutflowError, UserError } from '@outflow/errors'

/**
 * The configuration file cannot be read: it does not exist, or its permissions forbid it.
 * @fix Name yours with `--config`, or write one with `outflow init`.
 */
export class ConfigUnreadable extends UserError {
  readonly code = 'OUTFLOW_CONFIG_UNREADABLE'
}

/**
 * The configuration file is not YAML.
 * @fix Correct the line and column that the message names.
 */
export class ConfigSyntaxError extends UserError {
  readonly code = 'OUTFLOW_CONFIG_SYNTAX'
}

/**
 * Health, metrics or the console cannot be served: the address is in use, not of this machine, or forbidden.
 * @fix Stop the process that uses the port, or change `http.host`, `console.host` or `http.ports`.
 */
export class HealthAddressUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_HEALTH_ADDRESS_UNAVAILABLE'
}
