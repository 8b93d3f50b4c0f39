import { OutflowError, UserError } from '@outflow/errors'

/** The configuration file cannot be read: it is not there, or may not be opened. */
export class ConfigUnreadable extends UserError {
  readonly code = 'OUTFLOW_CONFIG_UNREADABLE'
}

/** The configuration file is not YAML: the error names the file, the line and what the parser met there. */
export class ConfigSyntaxError extends UserError {
  readonly code = 'OUTFLOW_CONFIG_SYNTAX'
}

/** Health and metrics cannot be served: the address is taken, foreign or forbidden. */
export class HealthAddressUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_HEALTH_ADDRESS_UNAVAILABLE'
}
