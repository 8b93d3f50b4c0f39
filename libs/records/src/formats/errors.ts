import { OutflowError } from '@outflow/errors'

/**
 * The schema registry did not answer, or answered with a temporary error.
 * @fix Wait; if it lasts, check the registry and the network.
 */
export class RegistryUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_REGISTRY_UNAVAILABLE'
  override readonly retryable = true
}

/**
 * The schema registry refused the request, or the URL is not that of a schema registry.
 * @fix Check `url`, `username` and `password` under `source.registry`.
 */
export class RegistryRefused extends OutflowError {
  readonly code = 'OUTFLOW_REGISTRY_REFUSED'
}
