import { OutflowError } from '@outflow/errors'

/**
 * The schema registry did not answer, or answered with a temporary error.
 * @fix Wait; if it lasts, look at the registry and the network.
 */
export class RegistryUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_REGISTRY_UNAVAILABLE'
  override readonly retryable = true
}

/**
 * The schema registry refused the request, or what answers is no schema registry.
 * @fix Check `url`, `username` and `password` under `source.registry`.
 */
export class RegistryRefused extends OutflowError {
  readonly code = 'OUTFLOW_REGISTRY_REFUSED'
}
