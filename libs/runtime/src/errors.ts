import { OutflowError } from '@outflow/errors'

/**
 * Health, metrics or the console cannot be served: the address is in use, not of this machine, or forbidden.
 * @fix Stop the process that uses the port, or change `http.host`, `console.host` or `http.ports`.
 */
export class HealthAddressUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_HEALTH_ADDRESS_UNAVAILABLE'
}
